"""``/api/v1/initiatives/RM-1/-/…/``: moving an initiative on, its updates, and what it is linked to."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import CollectionView
from portal.openapi import record_schema
from portal.people.tokens import may_write
from portal.preconditions import version_asked
from portal.refusing import read
from roadmap.collections import INITIATIVES
from roadmap.initiatives import actions, finding
from roadmap.initiatives.panels import links_of
from roadmap.models import Course, Initiative, Link, Status, Update

PAGE = 200


class MoveSerializer(serializers.Serializer[Any]):
    """Where an initiative is taken to."""

    status = serializers.ChoiceField(choices=Status.choices)
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=500, help_text="Needed to pause and to drop."
    )
    started_on = serializers.DateField(
        required=False, allow_null=True, help_text="The day work began. Left out: what was said, else today."
    )
    delivered_on = serializers.DateField(
        required=False, allow_null=True, help_text="The day of delivery, of what is delivered alone. Left out: today."
    )


class UpdateSerializer(serializers.ModelSerializer[Update]):
    """How it goes, as somebody who answers for it says."""

    course = serializers.ChoiceField(choices=Course.choices)
    by = serializers.SerializerMethodField(help_text="Who said so.")

    class Meta:
        model = Update
        fields = ("id", "course", "text", "by", "at")
        read_only_fields = ("id", "at")

    def get_by(self, update: Update) -> str:
        return str(update.by or "")


class NewLinkSerializer(serializers.Serializer[Any]):
    """What an initiative is linked to: the kind of thing, and its name or number."""

    kind = serializers.ChoiceField(choices=[(name, label) for name, (label, _) in finding.KINDS.items()])
    thing = serializers.CharField(max_length=300, help_text="Such as checkout-api, INC-12, CC6.1.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class LinkAnswer(serializers.Serializer[Any]):
    """One link as it stands."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.CharField()
    thing = serializers.SerializerMethodField(help_text="In words.")
    url = serializers.SerializerMethodField(help_text="Its page.")
    note = serializers.CharField()
    is_carried = serializers.BooleanField(help_text="Whether it came with the proposal.")

    def get_thing(self, link: Link) -> str:
        return str(link.end)

    def get_url(self, link: Link) -> str:
        return finding.url_of(link.end)


class InitiativeAct(CollectionView):
    """An act on one initiative that the reader may see."""

    collection = INITIATIVES

    def found(self, key: str) -> Initiative:
        initiative = self.load(key)
        assert isinstance(initiative, Initiative)  # noqa: S101  of its collection
        return initiative

    def writable(self, request: Request, key: str) -> Initiative:
        """The initiative, where the reader may change it. Raises what the API answers where they may not."""
        initiative = self.found(key)
        if not may_write(request):
            raise PermissionDenied("This token may only read. Make one with the scope “write”.")
        if not request.user.has_perm("roadmap.change_initiative", initiative):
            raise PermissionDenied(
                f"You may not change {initiative.name}. Its team, its owner and product managers may."
            )
        return initiative


class StatusView(InitiativeAct):
    @extend_schema(
        operation_id="initiatives_status", request=MoveSerializer, tags=["initiatives"],
        responses={200: OpenApiResponse(response=record_schema(INITIATIVES), description="As it is now.")},
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Take an initiative to another status. With If-Match only as long as it is at that version."""
        initiative = self.writable(request, key)
        said = read(MoveSerializer(data=request.data))
        version = version_asked(request, initiative) if "If-Match" in request.headers else None
        return self.answer(actions.move(by=request.user, initiative=initiative, version=version, **said))


class UpdatesView(InitiativeAct):
    @extend_schema(operation_id="initiatives_updates_list", responses=UpdateSerializer(many=True), tags=["initiatives"])
    def get(self, request: Request, key: str) -> Response:
        """The updates, the newest first, at most 200."""
        rows = Update.objects.filter(initiative=self.found(key)).select_related("by__person").order_by("-at", "-pk")
        return Response({"items": UpdateSerializer(rows[:PAGE], many=True).data})

    @extend_schema(
        operation_id="initiatives_updates_create", request=UpdateSerializer, responses={201: UpdateSerializer},
        tags=["initiatives"],
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Say how it goes. An update is never changed; the next one corrects it."""
        initiative = self.writable(request, key)
        made = actions.add_update(by=request.user, initiative=initiative, **read(UpdateSerializer(data=request.data)))
        return Response(UpdateSerializer(made).data, status=status.HTTP_201_CREATED)


class LinksView(InitiativeAct):
    @extend_schema(operation_id="initiatives_links_list", responses=LinkAnswer(many=True), tags=["initiatives"])
    def get(self, request: Request, key: str) -> Response:
        """What it is linked to, as far as the reader may see it."""
        return Response({"items": LinkAnswer(links_of(self.found(key), request.user), many=True).data})

    @extend_schema(
        operation_id="initiatives_links_create", request=NewLinkSerializer, responses={201: LinkAnswer},
        tags=["initiatives"],
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Link it to one thing more."""
        initiative = self.writable(request, key)
        said = read(NewLinkSerializer(data=request.data))
        thing = finding.find_thing(request.user, said["kind"], said["thing"])
        made = actions.link(by=request.user, initiative=initiative, **{**said, "thing": thing})
        return Response(LinkAnswer(made).data, status=status.HTTP_201_CREATED)


class LinkView(InitiativeAct):
    @extend_schema(operation_id="initiatives_links_delete", responses={204: None}, tags=["initiatives"])
    def delete(self, request: Request, key: str, pk: int) -> Response:
        """Take a link out."""
        initiative = self.writable(request, key)
        found = Link.objects.visible(request.user).filter(pk=pk, initiative=initiative).first()
        if found is None:
            raise NotFound(f"{initiative.name} has no link {pk}.")
        actions.unlink(by=request.user, link=found)
        return Response(status=status.HTTP_204_NO_CONTENT)
