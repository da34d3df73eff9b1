"""Acts on follow-ups."""

from django.urls import path

from incidents.followups import views
from incidents.followups.ageing import ageing

urlpatterns = [
    path("incidents/<str:key>/-/follow-ups/", views.suggest, name="incident-follow-up"),
    path("follow-ups/-/by-team/", ageing, name="follow-ups-ageing"),
    path("follow-ups/<int:key>/-/<slug:act>/", views.move, name="follow-up-act"),
]
