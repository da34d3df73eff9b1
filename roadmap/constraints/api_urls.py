"""Acts on freezes for machines."""

from django.urls import path

from roadmap.constraints import api

urlpatterns = [
    path("freezes/<str:key>/-/lift/", api.LiftView.as_view(), name="api-freeze-lift"),
    path("freezes/<str:key>/-/scope/", api.ScopeView.as_view(), name="api-freeze-scope"),
]
