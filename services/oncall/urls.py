"""Addresses of acts on who is on call, and of the calendar for whoever has its address."""

from django.urls import path

from services.oncall import ical, views

urlpatterns = [
    path("on-call-calendar/<str:token>.ics", ical.calendar_file, name="on-call-calendar"),
    path("teams/<str:key>/-/on-call/", views.on_call_begin, name="on-call-begin"),
    path("on-call/<str:key>/-/people/", views.turn_add, name="on-call-add"),
    path("on-call/<str:key>/-/people/<int:pk>/", views.turn_change, name="on-call-turn"),
    path("on-call/<str:key>/-/stand-ins/", views.stand_in_add, name="on-call-stand-in"),
    path("on-call/<str:key>/-/stand-ins/<int:pk>/end/", views.stand_in_end, name="on-call-stand-in-end"),
    path("on-call/<str:key>/-/again/", views.on_call_again, name="on-call-again"),
    path("on-call/<str:key>/-/calendar/", views.calendar_open, name="on-call-calendar-open"),
    path("on-call/<str:key>/-/calendar/close/", views.calendar_close, name="on-call-calendar-close"),
]
