"""Acts on incidents that are not editing one."""

from django.urls import include, path

from incidents.followups.urls import urlpatterns as followups
from incidents.insights.views import insights

urlpatterns = [
    # Before the records of the collection, of which none is called so.
    path("incidents/insights/", insights, name="insights"),
    path("", include("incidents.acts.urls")),
    path("", include("incidents.taxonomy.urls")),
    path("", include("incidents.timelines.urls")),
    path("", include("incidents.times.urls")),
    path("", include("incidents.alerts.urls")),
    path("", include("incidents.status_texts.urls")),
    path("", include("incidents.uploads.urls")),
    path("", include("incidents.postmortems.urls")),
    *followups,
]
