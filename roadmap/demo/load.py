"""Loading the roadmap of the demo company. The same moment gives the same roadmap."""

import pghistory
from django.db import transaction

from incidents.demo.history import Past
from roadmap.demo import initiatives, objectives, plan, refreshing, strategy
from roadmap.demo.cast import Cast
from roadmap.models import Allocation, Bound, Cycle, Evidence, Freeze, Initiative, Objective, TradeOff
from services.catalog.bulk import skip_no_trigger
from services.demo.load import SOURCE
from services.demo.strangers import not_of_the_demo
from services.health import providers


def is_loaded() -> bool:
    return Cycle.objects.exists()


def real_data() -> str:
    """What is planned here that neither the demo brought nor its people tried out."""
    return not_of_the_demo(Cycle, Objective, Initiative, Allocation, TradeOff, Bound, Freeze, Evidence)


@transaction.atomic
def load_roadmap() -> None:
    """Write the roadmap with everything that hangs on it, and read its metrics once."""
    skip_no_trigger()
    past = Past()
    with pghistory.context(origin=SOURCE):
        providers.refresh()
        cast = Cast(past)
        objectives.write_cycles(cast)
        objectives.write_objectives(cast)
        objectives.close_past(cast)
        initiatives.write_initiatives(cast)
        plan.write_plan(cast)
        strategy.write_evidence(cast)
        with pghistory.context(user=cast.planner.pk):
            strategy.write_strategy(cast)
    past.date()
    refreshing.refresh()
