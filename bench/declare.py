"""Declaring an incident by one field, through REST, beside 20,000 others: validated, numbered, noted, searchable and in
history when it is answered.

Floor: the same request for a service, which has no number and no timeline.
"""

import itertools
import json
from collections.abc import Iterator
from functools import partial

from bench import create, incidents_data, site
from bench.clock import medians_ms
from bench.figures import Figure, at_most
from bench.places import SMALL
from incidents.declaring import PUBLIC
from incidents.models import Incident, Series
from portal.people.models import Role
from portal.references.models import Reference
from portal.search.models import SearchEntry

ADDRESS = "/api/v1/incidents/"
TITLE = "Declared by the benchmark"


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(SMALL):
        incidents_data.fill()
        headers = site.token(Role.ADMINISTRATOR)
        owner = Reference.objects.filter(kind="group", attached=True).order_by("pk")[0].canonical
        last, numbers = Series.objects.get(prefix=PUBLIC).last_number, itertools.count()
        try:
            declared, made = medians_ms(
                partial(site.post, portal, ADDRESS, json.dumps({"title": TITLE}).encode(), **headers),
                partial(create.make, portal, numbers, owner, headers),
                rounds=60,
            )
        finally:
            _forget(last)
        yield at_most("declare an incident, 20,000", declared, 100, "ms", made)


def _forget(last: int) -> None:
    """Take out what was declared, and its numbers."""
    create.forget()
    declared = Incident.objects.filter(title=TITLE)
    references = list(declared.values_list("reference", flat=True))
    SearchEntry.objects.filter(model="incidents.incident", object_id__in=declared.values("pk")).delete()
    declared.delete()
    Reference.objects.filter(pk__in=references).delete()
    Series.objects.filter(prefix=PUBLIC).update(last_number=last)
