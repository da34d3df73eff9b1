"""``/api/v1/trade-offs/12/-/…/``: paying, renegotiating, writing off, and what counts as interest."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.models import Incident
from portal.api import CollectionView
from portal.api_fields import RecordField
from portal.openapi import record_schema
from portal.preconditions import version_asked
from portal.refusing import read
from roadmap.models import Cycle, TradeOff
from roadmap.worth import loans
from roadmap.worth.collections import TRADE_OFFS

_AS_IT_IS = {200: OpenApiResponse(response=record_schema(TRADE_OFFS), description="The trade-off as it is now.")}


class NothingSerializer(serializers.Serializer[Any]):
    """Nothing is to be said."""


class RenegotiateSerializer(serializers.Serializer[Any]):
    """To which later cycle, by its number, and why."""

    to_cycle = serializers.PrimaryKeyRelatedField(queryset=Cycle.objects.all())
    reason = serializers.CharField(max_length=500)


class WriteOffSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, help_text="Why it is never done.")


class InterestSerializer(serializers.Serializer[Any]):
    incident = RecordField(model=Incident, help_text="Such as INC-12.")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, help_text="Why it came of it.")


class LoanAct(CollectionView):
    """An act on one trade-off that the reader may see and change."""

    collection = TRADE_OFFS

    def said(self, request: Request, key: str, reads: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The trade-off, its version where one is asked for, and what was sent: checked."""
        trade_off = self.load(key)
        self.require("change", trade_off)
        version = {"version": version_asked(request, trade_off)} if "If-Match" in request.headers else {}
        said = read(reads(data=request.data, context={"reader": request.user}))
        return {"by": request.user, "trade_off": trade_off, **version, **said}

    def as_it_is(self, trade_off: TradeOff) -> Response:
        return self.answer(trade_off)


class PayView(LoanAct):
    @extend_schema(operation_id="trade_offs_pay", request=None, responses=_AS_IT_IS, tags=["trade-offs"])
    def post(self, request: Request, key: str) -> Response:
        """Say that the work that was put off is done."""
        return self.as_it_is(loans.pay(**self.said(request, key, NothingSerializer)))


class RenegotiateView(LoanAct):
    @extend_schema(
        operation_id="trade_offs_renegotiate", request=RenegotiateSerializer, responses=_AS_IT_IS, tags=["trade-offs"]
    )
    def post(self, request: Request, key: str) -> Response:
        """Put it off once more, to a later cycle."""
        return self.as_it_is(loans.renegotiate(**self.said(request, key, RenegotiateSerializer)))


class WriteOffView(LoanAct):
    @extend_schema(
        operation_id="trade_offs_write_off", request=WriteOffSerializer, responses=_AS_IT_IS, tags=["trade-offs"]
    )
    def post(self, request: Request, key: str) -> Response:
        """Decide that it is never done."""
        return self.as_it_is(loans.write_off(**self.said(request, key, WriteOffSerializer)))


class ReopenView(LoanAct):
    @extend_schema(operation_id="trade_offs_reopen", request=None, responses=_AS_IT_IS, tags=["trade-offs"])
    def post(self, request: Request, key: str) -> Response:
        """Take back that it was paid or written off."""
        return self.as_it_is(loans.reopen(**self.said(request, key, NothingSerializer)))


class InterestView(LoanAct):
    @extend_schema(
        operation_id="trade_offs_interest", request=InterestSerializer, responses=_AS_IT_IS, tags=["trade-offs"]
    )
    def post(self, request: Request, key: str) -> Response:
        """Count an incident as interest: it happened, or lasted longer, because the work was put off."""
        said = self.said(request, key, InterestSerializer)
        said.pop("version", None)
        loans.count_interest(**said)
        return self.as_it_is(said["trade_off"])
