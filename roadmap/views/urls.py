"""Addresses of the shapes of the roadmap, and of what is done in them."""

from django.urls import path

from roadmap.views import files, moving, views, waiting_views

urlpatterns = [
    path("initiatives/-/timeline/", views.timeline, name="initiatives-timeline"),
    path("initiatives/-/timeline.svg", files.svg, name="initiatives-timeline-svg"),
    path("initiatives/-/timeline.png", files.png, name="initiatives-timeline-png"),
    path("initiatives/-/board/", views.board, name="initiatives-board"),
    path("initiatives/-/horizons/", views.horizons, name="initiatives-horizons"),
    path("initiatives/-/by-objective/", views.objectives, name="initiatives-objectives"),
    path("initiatives/-/dependencies/", waiting_views.dependencies, name="initiatives-dependencies"),
    path("initiatives/-/infrastructure/", views.infrastructure, name="initiatives-infrastructure"),
    path("initiatives/-/developer-experience/", views.developers, name="initiatives-developers"),
    path("initiatives/<str:key>/-/dates/", moving.dates, name="initiative-dates"),
    path("initiatives/<str:key>/-/place/", moving.place, name="initiative-place"),
    path("initiatives/<str:key>/-/dependencies/", waiting_views.add, name="initiative-dependency"),
    path(
        "initiatives/<str:key>/-/dependencies/<int:pk>/take-back/", waiting_views.remove,
        name="initiative-dependency-remove",
    ),
]  # fmt: skip
