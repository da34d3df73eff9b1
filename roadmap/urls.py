"""Pages of the roadmap that are no list and no record. Each area has its own."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from roadmap.apps import AREAS

_WITH_PAGES = [area for area in AREAS if module_has_submodule(import_module(f"roadmap.{area}"), "urls")]
urlpatterns: list[URLPattern | URLResolver] = [path("", include(f"roadmap.{area}.urls")) for area in _WITH_PAGES]
