"""``/api/v1/initiatives/RM-1/-/criteria/`` and ``…/objections/``: what makes it a success, what speaks against it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api_fields import FIELDS
from portal.openapi import IF_MATCH
from portal.preconditions import etag, version_asked
from portal.refusing import read
from roadmap.initiatives import actions
from roadmap.initiatives.api import PAGE, InitiativeAct
from roadmap.initiatives.success import progress_of
from roadmap.models import Criterion, Initiative, Objection


class CriterionSerializer(serializers.ModelSerializer[Criterion]):
    """A success criterion: words alone, or a metric on its way from ``baseline`` to ``target``."""

    serializer_field_mapping = FIELDS
    progress = serializers.SerializerMethodField(help_text="Of the way, not clamped; null where nothing is measured.")

    class Meta:
        model = Criterion
        fields = ("id", "title", "metric", "way", "baseline", "target", "progress", "version")
        read_only_fields = ("id", "version")
        # The database says in one sentence what does not fit together; the action hears it.
        validators: tuple[Any, ...] = ()

    def get_progress(self, criterion: Criterion) -> float | None:
        found = progress_of(criterion)
        return found.share if found else None


class ObjectionSerializer(serializers.ModelSerializer[Objection]):
    """What speaks against it; without an answer it stands."""

    class Meta:
        model = Objection
        fields = ("id", "text", "answer", "version")
        read_only_fields = ("id", "version")


class PartView(InitiativeAct):
    """What both kinds of parts share: they are listed and added, changed and taken out."""

    part: str
    serializer: type[serializers.ModelSerializer[Any]]

    def rows(self, initiative: Initiative) -> Any:
        rows: Any = actions.PARTS[self.part].objects.filter(initiative=initiative).order_by("pk")
        return rows.select_related("metric__state") if self.part == "criteria" else rows

    def record(self, initiative: Initiative, pk: int) -> Any:
        found = self.rows(initiative).filter(pk=pk).first()
        if found is None:
            raise NotFound(f"{initiative.name} has no {self._one} {pk}.")
        return found

    @property
    def _one(self) -> str:
        return str(actions.PARTS[self.part]._meta.verbose_name)

    def told(self, record: Any, status_code: int = status.HTTP_200_OK) -> Response:
        body = self.serializer(record).data
        return Response(body, status=status_code, headers={"ETag": etag(record.version, body)})

    def listed(self, key: str) -> Response:
        return Response({"items": self.serializer(self.rows(self.found(key))[:PAGE], many=True).data})

    def added(self, request: Request, key: str) -> Response:
        initiative = self.writable(request, key)
        said = read(self.serializer(data=request.data))
        made = actions.add_part(by=request.user, initiative=initiative, part=self.part, values=said)
        return self.told(made, status.HTTP_201_CREATED)

    def changed(self, request: Request, key: str, pk: int) -> Response:
        record = self.record(self.writable(request, key), pk)
        version = version_asked(request, record)
        said = read(self.serializer(record, data=request.data, partial=True))
        # What is not sent stays, and has to go together with what is.
        whole = {name: getattr(record, name) for name in self._written} | said
        return self.told(actions.edit_part(by=request.user, record=record, values=whole, version=version))

    @property
    def _written(self) -> list[str]:
        return [name for name, field in self.serializer().fields.items() if not field.read_only]

    def taken_out(self, request: Request, key: str, pk: int) -> Response:
        record = self.record(self.writable(request, key), pk)
        actions.remove_part(by=request.user, record=record, version=version_asked(request, record))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Criteria(PartView):
    part, serializer = "criteria", CriterionSerializer


class CriteriaView(Criteria):
    @extend_schema(
        operation_id="initiatives_criteria_list", responses=CriterionSerializer(many=True), tags=["initiatives"]
    )
    def get(self, request: Request, key: str) -> Response:
        """The success criteria, with how far each is, at most 200."""
        return self.listed(key)

    @extend_schema(
        operation_id="initiatives_criteria_create", request=CriterionSerializer, responses={201: CriterionSerializer},
        tags=["initiatives"],
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Say what makes it a success."""
        return self.added(request, key)


class CriterionView(Criteria):
    @extend_schema(
        operation_id="initiatives_criteria_update", request=CriterionSerializer(partial=True), parameters=[IF_MATCH],
        responses=CriterionSerializer, tags=["initiatives"],
    )  # fmt: skip
    def patch(self, request: Request, key: str, pk: int) -> Response:
        """Change a success criterion, as long as it is at the version in If-Match."""
        return self.changed(request, key, pk)

    @extend_schema(
        operation_id="initiatives_criteria_delete", parameters=[IF_MATCH], responses={204: None}, tags=["initiatives"]
    )
    def delete(self, request: Request, key: str, pk: int) -> Response:
        """Take a success criterion out. The history keeps it."""
        return self.taken_out(request, key, pk)


class Objections(PartView):
    part, serializer = "objections", ObjectionSerializer


class ObjectionsView(Objections):
    @extend_schema(
        operation_id="initiatives_objections_list", responses=ObjectionSerializer(many=True), tags=["initiatives"]
    )
    def get(self, request: Request, key: str) -> Response:
        """The objections with their answers, at most 200."""
        return self.listed(key)

    @extend_schema(
        operation_id="initiatives_objections_create", request=ObjectionSerializer,
        responses={201: ObjectionSerializer}, tags=["initiatives"],
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Say what speaks against it."""
        return self.added(request, key)


class ObjectionView(Objections):
    @extend_schema(
        operation_id="initiatives_objections_update", request=ObjectionSerializer(partial=True),
        parameters=[IF_MATCH], responses=ObjectionSerializer, tags=["initiatives"],
    )  # fmt: skip
    def patch(self, request: Request, key: str, pk: int) -> Response:
        """Change or answer an objection, as long as it is at the version in If-Match."""
        return self.changed(request, key, pk)

    @extend_schema(
        operation_id="initiatives_objections_delete", parameters=[IF_MATCH], responses={204: None}, tags=["initiatives"]
    )
    def delete(self, request: Request, key: str, pk: int) -> Response:
        """Take an objection out. The history keeps it."""
        return self.taken_out(request, key, pk)
