"""``/api/v1/incidents/INC-1/-/…/``: moving an incident on, its times, its roles, and its timeline."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from incidents import lifecycle, timeline
from incidents.api.reading import EventSerializer, NoteSerializer, RoleSerializer, StatusSerializer, TimeSerializer
from incidents.collections import INCIDENTS
from incidents.models import Incident, TimelineEvent
from incidents.times.saying import Said, set_times
from portal.api import CollectionView
from portal.openapi import record_schema
from portal.people.tokens import may_write
from portal.query import BadQuery
from portal.refusing import read

PAGE = 100
_AS_IT_IS = {200: OpenApiResponse(response=record_schema(INCIDENTS), description="The incident as it is now.")}


class IncidentAct(CollectionView):
    """An act on one incident that the reader may see; ``perm`` is what it takes."""

    collection = INCIDENTS
    perm = "change"
    reads: type[serializers.Serializer[Any]]

    def said(self, request: Request, key: str) -> tuple[Incident, dict[str, Any]]:
        """The incident, and what was sent: checked. Raises what the API answers where either may not be."""
        incident = self.load(key)
        assert isinstance(incident, Incident)  # noqa: S101  of its collection
        if not may_write(request):
            raise PermissionDenied("This token may only read. Make one with the scope “write”.")
        if not request.user.has_perm(f"incidents.{self.perm}_incident", incident):
            raise PermissionDenied(f"You may not {self.perm} {incident}.")
        return incident, read(self.reads(data=request.data))


class StatusView(IncidentAct):
    reads = StatusSerializer

    @extend_schema(operation_id="incidents_status", request=StatusSerializer, responses=_AS_IT_IS, tags=["incidents"])
    def post(self, request: Request, key: str) -> Response:
        """Move an incident on, or open it again."""
        incident, said = self.said(request, key)
        return self.answer(lifecycle.change_status(by=request.user, incident=incident, **said))


class RoleView(IncidentAct):
    reads = RoleSerializer
    perm = "note"

    @extend_schema(operation_id="incidents_role", request=RoleSerializer, responses=_AS_IT_IS, tags=["incidents"])
    def post(self, request: Request, key: str) -> Response:
        """Give a role to somebody, who takes it over. Whoever does not run the incident takes one themselves."""
        incident, said = self.said(request, key)
        own = getattr(getattr(request.user, "person", None), "reference", None)
        if (own is None or said["person"] != own) and not request.user.has_perm("incidents.change_incident", incident):
            raise PermissionDenied(f"You may take a role in {incident}, and not give one.")
        lifecycle.give_role(by=request.user, incident=incident, **said)
        return self.answer(incident)


class TimeView(IncidentAct):
    reads = TimeSerializer

    @extend_schema(operation_id="incidents_time", request=TimeSerializer, responses=_AS_IT_IS, tags=["incidents"])
    def post(self, request: Request, key: str) -> Response:
        """Say when one of the five times was, or that it is not known."""
        incident, said = self.said(request, key)
        point, source = said.pop("point"), said.pop("said_by", "")
        time = Said(**said, source=source) if said["at"] else None
        set_times(by=request.user, incident=incident, times={point: time})
        return self.answer(incident)


class TimelineView(IncidentAct):
    reads = NoteSerializer
    perm = "note"

    @extend_schema(
        operation_id="incidents_timeline_list", tags=["incidents"],
        parameters=[OpenApiParameter("page", int, description="Number of the page, from 1.")],
        responses={200: OpenApiResponse(response={
            "type": "object", "required": ["items", "next"],
            "properties": {"items": {"type": "array", "items": {"type": "object"}},
                           "next": {"type": ["string", "null"], "format": "uri"}},
        })},
    )  # fmt: skip
    def get(self, request: Request, key: str) -> Response:
        """What stands in the timeline, the oldest first; what was corrected or withdrawn is left out."""
        incident, page = self.load(key), _page(request)
        standing = TimelineEvent.objects.filter(incident=incident.pk, superseded_by=None, withdrawn=False)
        rows = standing.select_related("recorded_by__person", "about").order_by("happened_at", "pk")
        found = list(rows[(page - 1) * PAGE : page * PAGE + 1])
        following = request.build_absolute_uri(f"{request.path}?page={page + 1}") if len(found) > PAGE else None
        return Response({"items": EventSerializer(found[:PAGE], many=True).data, "next": following})

    @extend_schema(
        operation_id="incidents_timeline_create", request=NoteSerializer, responses={201: EventSerializer},
        tags=["incidents"],
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Write down what was seen, decided or done."""
        incident, said = self.said(request, key)
        event = timeline.note(by=request.user, incident=incident, **said)
        return Response(EventSerializer(event).data, status=status.HTTP_201_CREATED)


def _page(request: Request) -> int:
    params = request.query_params
    if unknown := set(params) - {"page"}:
        raise BadQuery([f"{name}: a timeline takes page." for name in sorted(unknown)])
    text = params.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 100_000):
        raise BadQuery([f"“{text[:20]}” is no page. Pages count from 1."])
    return int(text)
