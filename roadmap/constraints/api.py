"""``/api/v1/freezes/1/-/lift/`` and ``…/scope/``."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import CollectionView
from portal.api_fields import ReferenceField
from portal.openapi import record_schema
from portal.refusing import read
from roadmap.constraints import actions
from roadmap.constraints.collections import FREEZES
from roadmap.models import Freeze

_AS_IT_IS = {200: OpenApiResponse(response=record_schema(FREEZES), description="The freeze as it is now.")}


class LiftSerializer(serializers.Serializer[Any]):
    """What is true now that was not before."""

    reason = serializers.CharField(max_length=500)
    version = serializers.IntegerField(required=False, help_text="The one that was read.")


class ScopeSerializer(serializers.Serializer[Any]):
    """What it halts: teams, services and systems. Nothing is the whole company."""

    scope = serializers.ListField(child=ReferenceField(kinds=actions.SCOPES))
    version = serializers.IntegerField(required=False, help_text="The one that was read.")


class FreezeAct(CollectionView):
    collection = FREEZES

    def freeze(self, key: str) -> Freeze:
        """The freeze, where the reader may change it."""
        found = self.load(key)
        assert isinstance(found, Freeze)  # noqa: S101  of its collection
        self.require("change", found)
        return found


class LiftView(FreezeAct):
    @extend_schema(operation_id="freezes_lift", request=LiftSerializer, responses=_AS_IT_IS, tags=["freezes"])
    def post(self, request: Request, key: str) -> Response:
        """End a freeze, and say what is true now."""
        found = self.freeze(key)
        return self.answer(actions.lift(by=request.user, freeze=found, **read(LiftSerializer(data=request.data))))


class ScopeView(FreezeAct):
    @extend_schema(operation_id="freezes_scope", request=ScopeSerializer, responses=_AS_IT_IS, tags=["freezes"])
    def post(self, request: Request, key: str) -> Response:
        """Say anew what a freeze halts."""
        found = self.freeze(key)
        return self.answer(actions.set_scope(by=request.user, freeze=found, **read(ScopeSerializer(data=request.data))))
