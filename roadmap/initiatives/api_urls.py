"""Acts on initiatives for machines."""

from django.urls import path

from roadmap.initiatives import api, parts_api

urlpatterns = [
    path("initiatives/<str:key>/-/status/", api.StatusView.as_view(), name="api-initiative-status"),
    path("initiatives/<str:key>/-/updates/", api.UpdatesView.as_view(), name="api-initiative-updates"),
    path("initiatives/<str:key>/-/links/", api.LinksView.as_view(), name="api-initiative-links"),
    path("initiatives/<str:key>/-/links/<int:pk>/", api.LinkView.as_view(), name="api-initiative-unlink"),
    path("initiatives/<str:key>/-/criteria/", parts_api.CriteriaView.as_view(), name="api-initiative-criteria"),
    path(
        "initiatives/<str:key>/-/criteria/<int:pk>/", parts_api.CriterionView.as_view(), name="api-initiative-criterion"
    ),
    path("initiatives/<str:key>/-/objections/", parts_api.ObjectionsView.as_view(), name="api-initiative-objections"),
    path(
        "initiatives/<str:key>/-/objections/<int:pk>/",
        parts_api.ObjectionView.as_view(),
        name="api-initiative-objection",
    ),
]
