"""The timeline of an incident."""

from django.urls import path

from incidents.timelines import views

urlpatterns = [
    path("incidents/<str:key>/-/note/", views.note, name="incident-note"),
    path("incidents/<str:key>/-/events/key/", views.events_key, name="events-key"),
    path("incidents/<str:key>/-/events/<int:pk>/correct/", views.event_correct, name="event-correct"),
    path("incidents/<str:key>/-/events/<int:pk>/withdraw/", views.event_withdraw, name="event-withdraw"),
]
