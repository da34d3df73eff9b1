"""Acts on proposals."""

from django.urls import path

from portal.proposals import views

urlpatterns = [path("<int:pk>/-/decide/", views.decide, name="proposal-decide")]
