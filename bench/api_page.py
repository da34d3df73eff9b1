"""The API page of 50 services with every column.

Floor: a bare view of Django REST framework, without authentication or permission, that serves the same rows with the
same fields by a ModelSerializer, references nested, each joined in.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from rest_framework import generics, serializers

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_most, times_floor
from bench.places import LARGE, SMALL
from portal.references.models import Reference
from services.models import Entity

ADDRESS = "/api/v1/services/"
FOREIGN_KEYS = ("owner", "system", "domain", "successor")


class ReferenceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Reference
        fields = ("canonical", "label")


class EntitySerializer(serializers.ModelSerializer):
    owner = ReferenceSerializer()
    system = ReferenceSerializer()
    domain = ReferenceSerializer()
    successor = ReferenceSerializer()
    dependants = serializers.IntegerField(source="state.dependants")
    dependencies = serializers.IntegerField(source="state.dependencies")

    class Meta:
        model = Entity
        fields = (
            "name", "title", "owner", "tier", "type", "lifecycle", "system", "dependants", "dependencies", "domain",
            "privacy_class", "residency", "region", "failover", "encryption", "tags", "description", "namespace",
            "successor", "updated_at",
        )  # fmt: skip


class BareList(generics.ListAPIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    serializer_class = EntitySerializer

    def get_queryset(self) -> Any:
        rows = Entity.objects.filter(kind="component", type__in=["service", "website"])
        return rows.select_related(*FOREIGN_KEYS, "state").order_by("name", "pk")[:50]


def measure() -> Iterator[Figure]:
    portal, floor = site.portal(), site.BareHandler(BareList.as_view())
    for size in (SMALL, LARGE):
        with site.entities(size):
            ask = partial(site.read, portal, ADDRESS, **site.token())
            ask()
            yield at_most(f"API page of 50, {size:,}: queries", site.count_queries(ask), 8, "")
            page, bare = medians_ms(ask, partial(site.read, floor, "/"))
            yield times_floor(f"API page of 50, {size:,}", page, bare, 2)
