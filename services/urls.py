"""Acts on the catalog that are not editing a record."""

from django.urls import path

from services import views

urlpatterns = [path("take/<int:pk>/", views.take, name="take")]
