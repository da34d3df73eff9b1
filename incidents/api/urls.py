"""Addresses of the acts. They stand before those of records, whose keys may hold slashes."""

from django.urls import path

from incidents.api import views

urlpatterns = [
    path("incidents/<str:key>/-/status/", views.StatusView.as_view(), name="api-incident-status"),
    path("incidents/<str:key>/-/roles/", views.RoleView.as_view(), name="api-incident-role"),
    path("incidents/<str:key>/-/times/", views.TimeView.as_view(), name="api-incident-time"),
    path("incidents/<str:key>/-/timeline/", views.TimelineView.as_view(), name="api-incident-timeline"),
]
