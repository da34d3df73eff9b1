"""Acts on initiatives for machines."""

from django.urls import path

from roadmap.initiatives import api

urlpatterns = [
    path("initiatives/<str:key>/-/status/", api.StatusView.as_view(), name="api-initiative-status"),
    path("initiatives/<str:key>/-/updates/", api.UpdatesView.as_view(), name="api-initiative-updates"),
    path("initiatives/<str:key>/-/links/", api.LinksView.as_view(), name="api-initiative-links"),
    path("initiatives/<str:key>/-/links/<int:pk>/", api.LinkView.as_view(), name="api-initiative-unlink"),
]
