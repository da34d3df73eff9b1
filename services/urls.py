"""Pages of the catalog beside those that every collection has."""

from django.urls import path

from services import views

urlpatterns = [
    path("take/<int:pk>/", views.take, name="take"),
    path("around/<int:pk>/<slug:name>/", views.around, name="around"),
]
