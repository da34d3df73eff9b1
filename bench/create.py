"""Services made by REST, one after another, each validated, owned, searchable and in history when it is answered.

Floor: a bare view of Django REST framework that validates the same body and inserts a Reference and an Entity.
"""

import itertools
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench import site
from bench.clock import medians_ms
from bench.figures import Figure, at_least
from bench.places import LARGE
from portal.people.models import Role
from portal.references.models import Reference
from portal.search.models import SearchEntry
from services.models import Entity

ADDRESS = "/api/v1/services/"
PREFIX = "made-by-the-benchmark-"


class EntitySerializer(serializers.ModelSerializer):
    class Meta:
        model = Entity
        fields = ("name", "title", "description", "type", "lifecycle", "tier")


class BareCreate(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (JSONParser,)

    def post(self, request: Request) -> Response:
        serializer = EntitySerializer(data={name: request.data[name] for name in EntitySerializer.Meta.fields})
        serializer.is_valid(raise_exception=True)
        name = serializer.validated_data["name"]
        with transaction.atomic():
            reference = Reference.objects.create(
                kind="component", name=name, canonical=f"component:default/{name}", label=name
            )
            serializer.save(kind="component", reference=reference)
        return Response(serializer.data, status=201)


def measure() -> Iterator[Figure]:
    portal, floor = site.portal(), site.BareHandler(BareCreate.as_view())
    with site.entities(LARGE):
        forget()
        headers = site.token(Role.ADMINISTRATOR)
        owner = Reference.objects.filter(kind="group", attached=True).order_by("pk")[0].canonical
        numbers = itertools.count()
        try:
            made, bare = medians_ms(
                partial(make, portal, numbers, owner, headers), partial(make, floor, numbers, owner, {}), rounds=150
            )
        finally:
            forget()
        yield at_least("REST create, one after another", 1000 / made, 100, "/s", 1000 / bare)


def make(application: Any, numbers: Iterator[int], owner: str, headers: dict[str, str]) -> None:
    name = f"{PREFIX}{next(numbers)}"
    body = {"name": name, "title": f"Made {name}", "description": "Made to see how long it takes.", "type": "service",
            "lifecycle": "production", "tier": 2, "owner": owner}  # fmt: skip
    site.post(application, ADDRESS, json.dumps(body).encode(), **headers)


def forget() -> None:
    """Take out what was made, also by a run that was broken off."""
    made = Entity.objects.filter(name__startswith=PREFIX)
    SearchEntry.objects.filter(model="services.entity", object_id__in=made.values("pk")).delete()
    made.delete()
    Reference.objects.filter(name__startswith=PREFIX).delete()
