"""``/api/v1/initiatives/RM-1/-/dependencies/``: what an initiative waits for. Kind and lag are changed, and it is taken
back, at the address of its record: ``/api/v1/dependencies/7/``."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.refusing import read
from roadmap.initiatives.api import PAGE, InitiativeAct
from roadmap.initiatives.finding import find_initiative
from roadmap.models import LONGEST_LAG, Dependency, DependencyKind, Initiative
from roadmap.views import actions


class DependencySerializer(serializers.Serializer[Any]):
    """What it waits for, and how: ``before`` is the number of the other initiative, or its title."""

    id = serializers.IntegerField(source="pk", read_only=True)
    before = serializers.CharField(max_length=200, source="before.name", help_text="Such as RM-12, or its title.")
    kind = serializers.ChoiceField(choices=DependencyKind.choices, default=DependencyKind.FINISH_START)
    lag_days = serializers.IntegerField(
        default=0, min_value=-LONGEST_LAG, max_value=LONGEST_LAG, help_text="Below 0 it is a lead."
    )
    version = serializers.IntegerField(read_only=True)


class DependenciesView(InitiativeAct):
    @extend_schema(
        operation_id="initiatives_dependencies_list", responses=DependencySerializer(many=True), tags=["initiatives"]
    )
    def get(self, request: Request, key: str) -> Response:
        """What it waits for, as far as the reader may see it, at most 200."""
        rows = Dependency.objects.visible(request.user).filter(after=self.found(key)).select_related("before")
        return Response({"items": DependencySerializer(rows.order_by("pk")[:PAGE], many=True).data})

    @extend_schema(
        operation_id="initiatives_dependencies_create", request=DependencySerializer,
        responses={201: DependencySerializer}, tags=["initiatives"],
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Say that it waits for another one. Initiatives that would wait for each other are refused, and named."""
        after = self.writable(request, key)
        said = read(DependencySerializer(data=request.data))
        before = _before(request.user, said.pop("before")["name"])
        made = actions.add_dependency(by=request.user, before=before, after=after, **said)
        return Response(DependencySerializer(made).data, status=status.HTTP_201_CREATED)


def _before(reader: Any, name: str) -> Initiative:
    """Among what the reader sees, and nowhere else: a refusal tells of nothing hidden."""
    try:
        return find_initiative(reader, name)
    except ValidationError as problem:
        raise ValidationError({"before": problem.messages}) from None
