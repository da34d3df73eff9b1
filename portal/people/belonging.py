"""Who belongs to a team by what files say. That is changed in the files: the next import would undo what is done here.

The catalog registers who knows (services.provenance); teams and people only ask.
"""

from collections.abc import Callable, Collection, Mapping

from django.core.exceptions import ValidationError

from portal.declared import Declared
from portal.references.models import Reference

Lookup = Callable[[Reference, Collection[int]], Mapping[int, Declared]]
_lookups: list[Lookup] = []


def register_belonging(lookup: Lookup) -> Lookup:
    _lookups.append(lookup)
    return lookup


def where_said(team: Reference, people: Collection[int]) -> dict[int, Declared]:
    """Person, by the id of their reference → where files say whether they are in this team."""
    return {person: declared for lookup in _lookups for person, declared in lookup(team, people).items()}


def refuse_said_elsewhere(team: Reference, person: Reference) -> None:
    if declared := where_said(team, [person.pk]).get(person.pk):
        raise ValidationError(
            f"Whether {person} is in {team} is said in {declared.text}. Change it there: the next import would undo "
            "what is done here."
        )
