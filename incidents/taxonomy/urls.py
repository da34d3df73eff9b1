"""Classifying incidents."""

from django.urls import path

from incidents.taxonomy import views

urlpatterns = [
    path("incident-tags/-/new/", views.tag_new, name="tag-new"),
    path("incidents/<str:key>/-/classification/", views.classification, name="classification"),
    path("incidents/<str:key>/-/classification/add/<slug:facet>/", views.tag_add, name="tag-add"),
    path("incidents/<str:key>/-/classification/<slug:slug>/", views.tag_edit, name="tag-edit"),
    path("incidents/<str:key>/-/classification/<slug:slug>/remove/", views.tag_remove, name="tag-remove"),
]
