"""What the acts of the API are sent, and what a timeline answers."""

from typing import Any

from rest_framework import serializers

from incidents.models import BY_PEOPLE, EventKind, IncidentRole, Point, Status, TimelineEvent
from portal.api_fields import ReferenceField, SluggedField


class StatusSerializer(serializers.Serializer[Any]):
    """Where an incident is moved on to, or back."""

    status = SluggedField(model=Status, help_text="Such as mitigated.")
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=2000,
        help_text="Needed to decline, to cancel and to open again.",
    )  # fmt: skip


class RoleSerializer(serializers.Serializer[Any]):
    """Who has a role from now on; null for nobody."""

    role = SluggedField(model=IncidentRole, help_text="Such as lead.")
    person = ReferenceField(kinds=("user",), allow_null=True, help_text="A person by name or reference.")


class TimeSerializer(serializers.Serializer[Any]):
    """When one of the five times was: exactly, about, between two moments, or with ``at`` null not known."""

    point = serializers.ChoiceField(choices=Point.choices)
    at = serializers.DateTimeField(allow_null=True, help_text="With an offset. Of an interval: no earlier than this.")
    until = serializers.DateTimeField(required=False, help_text="No later than this.")
    give_or_take_s = serializers.IntegerField(required=False, min_value=1, max_value=7 * 24 * 3600)
    said_by = serializers.CharField(required=False, max_length=200, help_text="Who or what says so.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "until" in attrs and "give_or_take_s" in attrs:
            raise serializers.ValidationError({"until": "Say either until when, or give or take how much."})
        return attrs


class NoteSerializer(serializers.Serializer[Any]):
    """One event of a timeline, as somebody writes it down; without ``happened_at`` it happened now."""

    text = serializers.CharField(max_length=10_000)
    kind = serializers.ChoiceField(
        choices=[each for each in EventKind.choices if each[0] in BY_PEOPLE], default=EventKind.NOTE
    )
    happened_at = serializers.DateTimeField(required=False)
    ended_at = serializers.DateTimeField(required=False)
    actor_role = serializers.CharField(required=False, max_length=60)
    link = serializers.URLField(required=False, max_length=2000)
    quote = serializers.CharField(required=False, max_length=20_000, trim_whitespace=False)
    is_key = serializers.BooleanField(required=False, default=False, help_text="Whether a postmortem tells of it.")


class EventSerializer(serializers.ModelSerializer[TimelineEvent]):
    """An event as it stands now. ``corrects`` is the number of the one in whose place it is."""

    by = serializers.SerializerMethodField(help_text="Who or what noted it.")
    about = serializers.SlugRelatedField[Any](slug_field="canonical", read_only=True)
    corrects = serializers.IntegerField(source="supersedes_id", read_only=True, allow_null=True)

    class Meta:
        model = TimelineEvent
        fields = (
            "id", "kind", "text", "happened_at", "ended_at", "recorded_at", "by", "actor_role", "about", "link",
            "quote", "is_key", "corrects",
        )  # fmt: skip

    def get_by(self, event: TimelineEvent) -> str:
        return str(event.recorded_by or event.source)
