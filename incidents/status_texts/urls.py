"""Addresses of status updates, and of the feeds for whoever has theirs."""

from django.urls import path

from incidents.status_texts import feeds, views

urlpatterns = [
    path("incidents/<str:key>/-/update/", views.update, name="incident-update"),
    path("status-feeds/<str:key>/-/renew/", views.feed_renew, name="status-feed-renew"),
    path("status-feed/<str:token>/incidents.json", feeds.incidents_json, name="status-feed-json"),
    path(
        "status-feed/<str:token>/incidents/unresolved.json", feeds.incidents_json, {"unresolved": True},
        name="status-feed-unresolved",
    ),
    path("status-feed/<str:token>/history.atom", feeds.history_atom, name="status-feed-atom"),
]  # fmt: skip
