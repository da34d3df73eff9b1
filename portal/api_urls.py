"""Addresses of the API: two for each collection, made when the apps have registered theirs."""

from collections.abc import Iterable
from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView

from portal import api
from portal.collections import Collection, collections
from portal.openapi import describe_list, describe_record


def _views(collection: Collection) -> tuple[type[Any], type[Any]]:
    """View classes of one collection, with just the methods that it offers."""
    name = collection.slug.title().replace("-", "")
    offered = {"collection": collection}
    writes = {
        "post": api.CreateMixin if collection.form and collection.create else None,
        "patch": api.ChangeMixin if collection.form and collection.update else None,
        "delete": api.DeleteMixin if collection.delete else None,
    }
    lists = type(f"{name}List", tuple(each for each in (writes["post"], api.ListView) if each), offered)
    changes = (writes["patch"], writes["delete"], api.RecordView)
    records = type(f"{name}Record", tuple(each for each in changes if each), offered)
    return describe_list(collection, lists), describe_record(collection, records)


def _paths() -> Iterable[URLPattern]:
    for collection in collections():
        if not collection.is_sound:
            continue  # manage.py check says what is wrong with it (portal.E001)
        lists, records = _views(collection)
        yield path(f"{collection.slug}/", lists.as_view(), name=f"api-{collection.slug}")
        yield path(f"{collection.slug}/<path:key>/", records.as_view(), name=f"api-{collection.slug}-record")


urlpatterns = [
    path("", api.RootView.as_view(), name="api"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    *_paths(),
]
