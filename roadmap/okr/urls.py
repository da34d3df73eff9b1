"""The board of objectives, and acts on key results and cycles."""

from django.urls import path

from roadmap.okr import views
from roadmap.okr.board import board

urlpatterns = [
    path("objectives/-/board/", board, name="objectives-board"),
    path("key-results/<int:key>/-/check-in/", views.check_in, name="key-result-check-in"),
    path("key-results/<int:key>/-/correct/", views.correct, name="key-result-correct"),
    path("cycles/<int:key>/-/close/", views.close, name="cycle-close"),
]
