"""Acts of the roadmap for machines. They stand before the addresses of records, whose keys may hold slashes. Each area
has its own in ``api_urls.py``."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from roadmap.apps import AREAS

_WITH_ACTS = [area for area in AREAS if module_has_submodule(import_module(f"roadmap.{area}"), "api_urls")]
urlpatterns: list[URLPattern | URLResolver] = [path("", include(f"roadmap.{area}.api_urls")) for area in _WITH_ACTS]
