"""Importing initiatives."""

from django.urls import path

from roadmap.imports import views

urlpatterns = [
    path("initiatives/-/import/", views.upload, name="initiatives-import"),
    path("initiatives/-/import/<int:key>/", views.columns, name="initiative-import"),
    path("initiatives/-/import/<int:key>/preview/", views.preview, name="initiative-import-preview"),
    path("initiatives/-/import/<int:key>/done/", views.done, name="initiative-import-done"),
]
