"""The five times of an incident."""

from django.urls import path

from incidents.times import views

urlpatterns = [
    path("incidents/<str:key>/-/mend/", views.mend, name="incident-mend"),
    path("incidents/<str:key>/-/times/<slug:point>/", views.incident_time, name="incident-time"),
]
