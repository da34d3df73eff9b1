"""``/api/v1/key-results/1/-/check-ins/``, corrections of what was closed, and closing a cycle."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import CollectionView
from portal.api_fields import FIELDS, NumberField
from portal.openapi import record_schema
from portal.people.tokens import may_write
from portal.refusing import read
from roadmap.collections import CYCLES
from roadmap.models import CheckIn, Cycle, KeyResult
from roadmap.okr import actions
from roadmap.okr.collections import KEY_RESULTS

MOST = 100


class CheckInSerializer(serializers.ModelSerializer[CheckIn]):
    """A check-in: ``confidence`` is the probability (0 to 1) that the target is reached; ``value`` and ``progress``
    are what was measured then."""

    serializer_field_mapping = FIELDS
    by = serializers.StringRelatedField[Any]()

    class Meta:
        model = CheckIn
        fields = ("at", "by", "confidence", "text", "value", "progress")
        read_only_fields = ("at", "value", "progress")


class CorrectionSerializer(serializers.Serializer[Any]):
    """What a closed key result really had reached, and why."""

    value = NumberField()
    note = serializers.CharField(max_length=500)
    share_inside = NumberField(
        required=False, min_value=0, max_value=1, help_text="Of a guardrail: the share of days inside."
    )


class CloseSerializer(serializers.Serializer[Any]):
    """``version`` is the one that was read; without it the cycle is closed as it is."""

    version = serializers.IntegerField(required=False)


class KeyResultAct(CollectionView):
    """An act on one key result."""

    collection = KEY_RESULTS

    def said(self, request: Request, key: str, act: str, reads: Any) -> tuple[KeyResult, dict[str, Any]]:
        """The key result, and what was sent: checked. Raises what the API answers where either may not be."""
        found = self.load(key)
        assert isinstance(found, KeyResult)  # noqa: S101  of its collection
        if not may_write(request):
            raise PermissionDenied("This token may only read. Make one with the scope “write”.")
        if not request.user.has_perm(f"roadmap.{act}_keyresult", found):
            raise PermissionDenied(f"You may not {act} “{found}”: it is not of your team, or its cycle is closed.")
        return found, read(reads(data=request.data))


class CheckInsView(KeyResultAct):
    @extend_schema(operation_id="key_results_check_ins", responses=CheckInSerializer(many=True), tags=["key-results"])
    def get(self, request: Request, key: str) -> Response:
        """The newest hundred check-ins, the newest first."""
        found: Any = self.load(key)
        rows = found.check_ins.select_related("by__person").order_by("-at", "-pk")[:MOST]
        return Response({"items": CheckInSerializer(rows, many=True).data})

    @extend_schema(
        operation_id="key_results_check_in", request=CheckInSerializer, responses={201: CheckInSerializer},
        tags=["key-results"],
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Say how it goes. It is never changed: the next one corrects it."""
        found, said = self.said(request, key, "change", CheckInSerializer)
        made = actions.check_in(by=request.user, key_result=found, **said)
        return Response(CheckInSerializer(made).data, status=status.HTTP_201_CREATED)


class CorrectionView(KeyResultAct):
    @extend_schema(
        operation_id="key_results_correction", request=CorrectionSerializer, tags=["key-results"],
        responses={200: OpenApiResponse(response=record_schema(KEY_RESULTS), description="As it counts now.")},
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Add what a closed key result really had reached."""
        found, said = self.said(request, key, "correct", CorrectionSerializer)
        actions.correct(by=request.user, key_result=found, **said)
        return self.answer(found)


class CloseView(CollectionView):
    collection = CYCLES

    @extend_schema(
        operation_id="cycles_close", request=CloseSerializer, tags=["cycles"],
        responses={200: OpenApiResponse(response=record_schema(CYCLES), description="The cycle, closed.")},
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Keep what every key result of a cycle has reached."""
        cycle = self.load(key)
        assert isinstance(cycle, Cycle)  # noqa: S101  of its collection
        if not may_write(request) or not request.user.has_perm("roadmap.close_cycle", cycle):
            raise PermissionDenied(f"You may not close {cycle}. Product managers do, with a token that may write.")
        said = read(CloseSerializer(data=request.data))
        return self.answer(actions.close_cycle(by=request.user, cycle=cycle, **said))
