"""What the lists of services say of compliance."""

from typing import Any

from django.db.models.functions import Coalesce

from portal.collections import extend
from portal.columns import Column
from roadmap.compliance.collections import OPEN, counted, seen, standing_of_evidence
from services.collections import ENTITIES, SERVICES


def _open(reader: Any) -> Coalesce:
    return counted(seen(reader).annotate(standing=standing_of_evidence()).filter(standing__in=OPEN), "service")


for _collection in (SERVICES, ENTITIES):
    extend(_collection, Column("compliance_gaps", expr=_open, label="Compliance gaps", shown=False))
