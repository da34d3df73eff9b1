"""What initiatives wait for, for machines."""

from django.urls import path

from roadmap.views import api

urlpatterns = [
    path(
        "initiatives/<str:key>/-/dependencies/", api.DependenciesView.as_view(), name="api-initiative-dependencies"
    ),
]  # fmt: skip
