"""Deciding on a freeze and acts on it."""

from django.urls import path

from roadmap.constraints import views

urlpatterns = [
    path("freezes/-/new/", views.new, name="freeze-new"),
    path("freezes/<int:key>/-/lift/", views.lift, name="freeze-lift"),
    path("freezes/<int:key>/-/scope/", views.scope, name="freeze-scope"),
]
