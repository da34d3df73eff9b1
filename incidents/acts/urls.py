"""Declaring an incident, and the acts on it that have a page of their own."""

from django.urls import path

from incidents.acts import access_views, impact_views, new, views

urlpatterns = [
    path("incidents/-/new/", new.declare, name="incident-new"),
    path("incidents/-/known/", new.known, name="incident-known"),
    path("incidents/<str:key>/-/status/", views.status, name="incident-status"),
    path("incidents/<str:key>/-/severity/", views.severity, name="incident-severity"),
    path("incidents/<str:key>/-/merge/", views.merge, name="incident-merge"),
    path("incidents/<str:key>/-/roles/<slug:slug>/", views.give_role, name="incident-role-give"),
    path("incidents/<str:key>/-/roles/<slug:slug>/take/", views.take_role, name="incident-role"),
    path("incidents/<str:key>/-/roles/<slug:slug>/lay-down/", views.lay_down, name="incident-role-lay-down"),
    path("incidents/<str:key>/-/access/", access_views.access, name="incident-access"),
    path("incidents/<str:key>/-/access/take-out/", access_views.take_out, name="incident-take-out"),
    path("incidents/<str:key>/-/impact/", impact_views.impact, name="incident-impact"),
    path("incidents/<str:key>/-/impact/end/", impact_views.end_all, name="incident-impact-end"),
    path("incidents/<str:key>/-/impact/<int:pk>/", impact_views.correct, name="incident-impact-correct"),
    path("incidents/<str:key>/-/impact/<int:pk>/level/", impact_views.level, name="incident-impact-level"),
    path("incidents/<str:key>/-/impact/<int:pk>/take-out/", impact_views.take_out, name="incident-impact-take-out"),
]
