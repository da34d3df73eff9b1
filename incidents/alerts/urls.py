"""Where alerts come in, and acts on them."""

from django.urls import path

from incidents.alerts import hooks, views

urlpatterns = [
    path("hooks/alerts/", hooks.alerts, name="hook-alerts"),
    path("hooks/alerts/<str:token>/", hooks.alerts, name="hook-alerts-address"),
    path("hooks/pagerduty/<str:token>/", hooks.pagerduty, name="hook-pagerduty"),
    # A redirect to the slash would lose the body.
    path("hooks/alerts/<str:token>", hooks.alerts, name="hook-alerts-bare"),
    path("hooks/pagerduty/<str:token>", hooks.pagerduty, name="hook-pagerduty-bare"),
    path("alerts/<int:key>/-/declare/", views.declare, name="alert-declare"),
    path("alerts/<int:key>/-/belongs/", views.belongs, name="alert-belongs"),
    path("alerts/<int:key>/-/belongs-not/", views.belongs_not, name="alert-belongs-not"),
    path("incidents/<str:key>/-/mitigated/", views.mitigated, name="incident-mitigated"),
    path("alert-sources/<int:key>/-/renew/", views.renew, name="alert-source-renew"),
    path("alert-sources/<int:key>/-/secret/", views.set_secret, name="alert-source-secret"),
    path("alert-sources/<int:key>/-/messages/<int:pk>/again/", views.take_again, name="alert-message-again"),
]
