"""Incidents that are like another one: they hit the same services, were of the same kind, or are called alike."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from incidents.models import NO_INCIDENT, OPEN, Effect, Facet, Impact, Incident, IncidentKind, Tag
from portal.search.words import words

MOST = 5
# What a thing in common weighs. Of words it is at most this, for one that no other incident has.
SERVICE, TAG, WORD = 3.0, 2.0, 3.0
# An open one may be the same incident, declared by somebody else a minute ago.
OPEN_BONUS = 1.5
# Below this nobody would call the two alike.
LEAST = 2.0
MOST_WORDS = 8
# So many of the most alike are looked at closely, and all that are open: what is a drill, or was none, falls out.
LOOKED_AT = 500
_SAY_NOTHING = frozenset("""
    a about after all an and are at be been by can cannot do does for from has have in into is it its no not of off on
    or out over some than that the their then there they this to too under up was we were when while with
""".split())  # fmt: skip  # noqa: SIM905  words are read more easily than a list of them


@dataclass(frozen=True)
class Similar:
    """A similar incident, in what it is alike (``service``, a facet in small letters, ``words``), and what helped."""

    incident: Incident
    alike: tuple[str, ...]
    helped: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        return self.incident.status.category in OPEN


def similar_to(incident: Incident, reader: Any, limit: int = MOST) -> list[Similar]:
    """Incidents like this one that the reader may see, the most alike first; five queries."""
    services = Impact.objects.filter(incident=incident).values_list("subject", flat=True)
    nodes = Tag.objects.filter(incident=incident, node__is_unknown=False).values_list("node", flat=True)
    return similar(reader, title=incident.title, services=services, nodes=nodes, but=incident.pk, limit=limit)


def similar(
    reader: Any,
    *,
    title: str = "",
    services: Iterable[int] = (),
    nodes: Iterable[int] = (),
    but: int = 0,
    limit: int = MOST,
) -> list[Similar]:
    """Incidents that have services (ids of references), nodes of the taxonomy or words of a title in common with what
    is given, as far as the reader may see them; the most alike first, at most ``limit``, and not ``but``."""
    asked = {"services": list(services), "nodes": list(nodes), "words": _terms(title), "but": but, "limit": limit}
    if not (asked["services"] or asked["nodes"] or asked["words"]):
        return []
    found = _alike(reader, asked)
    rows = Incident.objects.filter(pk__in=found).select_related("status", "severity", "reference")
    incidents, helped = {each.pk: each for each in rows}, _helped(found)
    return [Similar(incidents[pk], why, helped.get(pk, ())) for pk, why in found.items() if pk in incidents]


def _terms(title: str) -> list[str]:
    """The words of a title that tell it from others, as queries of the search: ``payments`` finds ``payment`` too."""
    telling = [each for each in dict.fromkeys(words(title)) if len(each) > 2 and each not in _SAY_NOTHING]
    return [f"'{each.removesuffix('s') if len(each) > 4 else each}':*AB" for each in telling[:MOST_WORDS]]


def _alike(reader: Any, asked: Mapping[str, Any]) -> dict[int, tuple[str, ...]]:
    """Incident → in what it is alike, the most alike first."""
    # What is hidden is little, and quicker to leave out than all the rest is to look up.
    hidden, params = Incident.objects.hidden_from(reader).values("pk").query.sql_with_params()
    names = {f"hidden_{at}": each for at, each in enumerate(params)}
    words = {f"word_{at}": each for at, each in enumerate(asked["words"])}
    having_words = " UNION ALL ".join(_HAVING_WORD.format(word=name) for name in words) or _HAVING_NONE
    query = _ALIKE.format(hidden=hidden % tuple(f"%({name})s" for name in names), having_words=having_words)
    with connection.cursor() as cursor:
        cursor.execute(query, {**asked, **names, **words, **_CONSTANTS})
        return {pk: tuple(_said(each) for each in why) for pk, why in cursor.fetchall()}


def _said(why: str) -> str:
    return Facet(why).label.lower() if why in Facet.values else why


def _helped(found: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Incident → the mitigations that helped."""
    tags = Tag.objects.filter(incident__in=list(found), node__facet=Facet.MITIGATION, node__is_unknown=False)
    told: dict[int, list[str]] = defaultdict(list)
    rows = tags.exclude(effect__in=[Effect.NONE, Effect.WORSE]).order_by("place", "pk")
    for pk, name in rows.values_list("incident", "node__name"):
        told[pk].append(name)
    return {pk: tuple(names) for pk, names in told.items()}


# A word weighs the more the fewer incidents have it: 1 − ln(those that have it) / ln(all), times WORD. How many there
# are is where the public numbers stand, which costs nothing to ask. What the reader may not see counts for nothing:
# a similar one that is missing would tell of them.
_ALIKE = """
    WITH hidden (id) AS MATERIALIZED ({hidden}),
    found (incident_id, why, score) AS (
        SELECT incident_id, 'service', %(service)s * count(DISTINCT subject_id)
          FROM incidents_impact WHERE subject_id = ANY(%(services)s) GROUP BY 1
        UNION ALL
        SELECT tag.incident_id, node.facet, %(tag)s * count(*)
          FROM incidents_tag tag JOIN incidents_node node ON node.id = tag.node_id
         WHERE tag.node_id = ANY(%(nodes)s) GROUP BY 1, 2
        UNION ALL
        SELECT object_id, 'words', %(word)s * sum(1 - ln(have) / ln(greatest(total, have, 2)))
          FROM ({having_words}) having_them,
               (SELECT coalesce(sum(last_number), 0) AS total FROM incidents_series WHERE prefix = 'INC') numbers
         GROUP BY 1
    ),
    scored AS (
        SELECT incident_id, sum(score) AS score FROM found WHERE incident_id NOT IN (SELECT id FROM hidden)
         GROUP BY 1 HAVING sum(score) >= %(least)s
    ),
    going_on AS MATERIALIZED (
        SELECT incident.id FROM incidents_incident incident
         WHERE status_id IN (SELECT id FROM incidents_status WHERE category = ANY(%(open)s))
    ),
    candidates AS (
        (SELECT * FROM scored ORDER BY score DESC, incident_id DESC LIMIT %(looked_at)s)
        UNION
        SELECT * FROM scored WHERE incident_id = ANY(ARRAY(SELECT id FROM going_on))
    ),
    best AS (
        SELECT incident.id, declared_at,
               score + CASE WHEN status.category = ANY(%(open)s) THEN %(bonus)s ELSE 0 END AS likeness
          FROM candidates
          JOIN incidents_incident incident ON incident.id = incident_id
          JOIN incidents_status status ON status.id = incident.status_id
         WHERE incident.id <> %(but)s AND incident.kind <> %(drill)s AND NOT status.category = ANY(%(not_alike)s)
         ORDER BY likeness DESC, declared_at DESC
         LIMIT %(limit)s
    )
    SELECT best.id, array_agg(found.why ORDER BY found.score DESC, found.why) FILTER (WHERE found.score > 0)
      FROM best JOIN found ON found.incident_id = best.id
     GROUP BY best.id, best.likeness, best.declared_at
     ORDER BY best.likeness DESC, best.declared_at DESC
"""
# Of each word by itself, so that the index answers for it.
_HAVING_WORD = """
    SELECT object_id, count(*) OVER () AS have FROM search_searchentry
     WHERE model = 'incidents.incident' AND document @@ %({word})s::tsquery
       AND object_id <> %(but)s AND object_id NOT IN (SELECT id FROM hidden)
"""
_HAVING_NONE = "SELECT 0::bigint AS object_id, 1::bigint AS have WHERE false"
_CONSTANTS: Mapping[str, Any] = {
    "service": SERVICE, "tag": TAG, "word": WORD, "least": LEAST, "bonus": OPEN_BONUS,
    "looked_at": LOOKED_AT, "drill": IncidentKind.DRILL.value, "not_alike": [each.value for each in NO_INCIDENT],
    "open": [each.value for each in OPEN],
}  # fmt: skip
