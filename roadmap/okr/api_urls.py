"""Acts on key results and cycles for machines."""

from django.urls import path

from roadmap.okr import api

urlpatterns = [
    path("key-results/<str:key>/-/check-ins/", api.CheckInsView.as_view(), name="api-key-result-check-ins"),
    path("key-results/<str:key>/-/correction/", api.CorrectionView.as_view(), name="api-key-result-correction"),
    path("cycles/<str:key>/-/close/", api.CloseView.as_view(), name="api-cycle-close"),
]
