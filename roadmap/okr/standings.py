"""How an objective stands: as its worst key result of which something is known does."""

from django.db.models import Case, CharField, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from roadmap.models import KeyResultState, Standing

# The worst first.
ORDER = (Standing.AWAY, Standing.BEHIND, Standing.AHEAD, Standing.REACHED)

_RANK = Case(*(When(standing=each, then=Value(place)) for place, each in enumerate(ORDER)), output_field=IntegerField())
_KNOWN = KeyResultState.objects.filter(key_result__objective=OuterRef("pk")).exclude(standing=Standing.UNKNOWN)
# Of objectives.
WORST = Coalesce(
    Subquery(_KNOWN.order_by(_RANK).values("standing")[:1]), Value(Standing.UNKNOWN),
    output_field=CharField(choices=Standing.choices),
)  # fmt: skip
