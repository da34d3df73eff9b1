"""Acts on trade-offs for machines."""

from django.urls import path

from roadmap.worth import api

urlpatterns = [
    path("trade-offs/<str:key>/-/pay/", api.PayView.as_view(), name="api-trade-off-pay"),
    path("trade-offs/<str:key>/-/renegotiate/", api.RenegotiateView.as_view(), name="api-trade-off-renegotiate"),
    path("trade-offs/<str:key>/-/write-off/", api.WriteOffView.as_view(), name="api-trade-off-write-off"),
    path("trade-offs/<str:key>/-/reopen/", api.ReopenView.as_view(), name="api-trade-off-reopen"),
    path("trade-offs/<str:key>/-/interest/", api.InterestView.as_view(), name="api-trade-off-interest"),
]
