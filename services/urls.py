"""Pages of the catalog beside those that every collection has."""

from django.urls import path

from services import views

urlpatterns = [
    path("take/<int:pk>/", views.take, name="take"),
    path("needs/<int:pk>/", views.dependency_add, name="dependency-add"),
    path("needs/<int:pk>/<int:relation>/remove/", views.dependency_remove, name="dependency-remove"),
    path("around/<int:pk>/<slug:name>/", views.around, name="around"),
]
