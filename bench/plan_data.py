"""What stands around initiatives in the benchmarks: how all teams share out their days in every cycle, what they owe,
evidence of three frameworks at services, non-negotiables and proposals. Written by SQL."""

import pghistory
from django.db import connection, transaction

from portal.proposals.models import Proposal
from portal.search import index
from portal.tenure import organisation_today
from roadmap.compliance.actions import edit_framework
from roadmap.models import Allocation, Bound, Evidence, Framework, TradeOff
from services.catalog.bulk import skip_no_trigger

TRADE_OFFS, BOUNDS, PROPOSALS, SERVICES = 2_000, 50, 1_000, 1_000
_STEPS = (
    """
        INSERT INTO roadmap_allocation (cycle_id, team_id, capacity_days, feature_planned, platform_planned,
                                        debt_planned, lights_planned, hundredfold_planned, feature_actual,
                                        platform_actual, debt_actual, lights_actual, hundredfold_actual, target_low,
                                        target_high, note)
        SELECT cycle.id, team.id, 300, 120 + team.id %% 60, 40, team.id %% 30, 30, 0, 130, 30, 10, 40, 0, 20, 30, ''
          FROM roadmap_cycle cycle, references_reference team WHERE team.kind = 'group' AND team.attached
            ON CONFLICT DO NOTHING
    """,
    """
        INSERT INTO roadmap_tradeoff (shipped, deferred, why, team_id, decided_on, principal_days, due_cycle_id,
                                      initiative_id, allocation_id, state, reason, ended_on)
        SELECT 'The sale of season tickets', 'Rehearse the failover, part ' || n, 'The contract was signed.',
               allocation.team_id, %(today)s::date - n %% 300, 1 + n %% 40, allocation.cycle_id,
               CASE WHEN n %% 2 = 0 THEN initiatives.ids[1 + n %% cardinality(initiatives.ids)] END, allocation.id,
               CASE WHEN n %% 3 = 0 THEN 'paid' ELSE 'open' END, '', CASE WHEN n %% 3 = 0 THEN %(today)s::date END
          FROM generate_series(1, %(trade_offs)s) n,
               (SELECT array_agg(id ORDER BY id) AS ids FROM roadmap_initiative) initiatives,
               (SELECT array_agg(id ORDER BY id) AS ids FROM roadmap_allocation) allocations
          JOIN roadmap_allocation allocation ON true
         WHERE allocation.id = allocations.ids[1 + n %% cardinality(allocations.ids)]
    """,
    """
        INSERT INTO roadmap_tradeoffstate (trade_off_id, incidents, interest_minutes, interest_days)
        SELECT id, 2, 300, 1.5 FROM roadmap_tradeoff WHERE deferred LIKE '%%, part %%'
    """,
    """
        INSERT INTO roadmap_interest (trade_off_id, incident_id, note)
        SELECT DISTINCT trade_off.id, incidents.ids[1 + (trade_off.id * 7 + place) %% cardinality(incidents.ids)], ''
          FROM roadmap_tradeoff trade_off, generate_series(1, 2) place,
               (SELECT array_agg(id ORDER BY id) AS ids FROM incidents_incident) incidents
         WHERE deferred LIKE '%%, part %%'
    """,
    """
        INSERT INTO roadmap_bound (name, why, metric_id, side, value, statistic, window_days, owner_id)
        SELECT 'Answers within bounds, part ' || n, '', metrics.ids[1 + n %% cardinality(metrics.ids)], 'at_most',
               500 + n, 'mean', 7, teams.ids[1 + n %% cardinality(teams.ids)]
          FROM generate_series(1, %(bounds)s) n,
               (SELECT array_agg(id ORDER BY id) AS ids FROM health_metric WHERE name LIKE 'roadmap-%%') metrics,
               (SELECT array_agg(id ORDER BY id) AS ids FROM references_reference
                 WHERE kind = 'group' AND attached) teams
    """,
    # Of each framework every service says how it stands to five controls.
    """
        INSERT INTO roadmap_evidence (control_id, service_id, fulfilment, text, url, owner_id, initiative_id,
                                      reviewed_on, review_by)
        SELECT control.id, service.id, (ARRAY['met', 'met', 'met', 'partly', 'gap'])[1 + (service.id + place) %% 5],
               'Reviewed with its team.', '', service.owner_id,
               CASE WHEN service.id %% 4 = 0 THEN initiatives.ids[1 + service.id %% cardinality(initiatives.ids)] END,
               %(today)s::date - 200, %(today)s::date + (service.id * 7 %% 300)::int - 30
          FROM (SELECT *, row_number() OVER (PARTITION BY framework_id ORDER BY id) AS place FROM roadmap_control
               ) control,
               (SELECT * FROM services_entity WHERE kind = 'component' ORDER BY id LIMIT %(services)s) service,
               (SELECT array_agg(id ORDER BY id) AS ids FROM roadmap_initiative) initiatives
         WHERE (place + service.id) %% 12 < 5 AND place <= 12
            ON CONFLICT DO NOTHING
    """,
    """
        INSERT INTO proposals_proposal (source_key, kind, title, text, evidence, price, url, severity, state, reason,
                                        refreshed_at)
        SELECT 'benchmark:' || n, 'trade-off', 'It is overdue, part ' || n, 'Plan it, or write it off.',
               '{"severity": 1, "incidents": 3}', '{"principal (days)": 12}', '/trade-offs/', n %% 5, 'open', '', now()
          FROM generate_series(1, %(proposals)s) n
    """,
)


@transaction.atomic
def write() -> None:
    for framework in Framework.objects.filter(slug__in=("soc-2", "iso-27001")):
        edit_framework(by=None, record=framework, values={"is_active": True})
    given = {
        "today": organisation_today(), "trade_offs": TRADE_OFFS, "bounds": BOUNDS, "services": SERVICES,
        "proposals": PROPOSALS,
    }  # fmt: skip
    skip_no_trigger()
    with pghistory.context(origin="benchmark"), connection.cursor() as cursor:
        for step in _STEPS:
            cursor.execute(step, given)
    for model in (Allocation, TradeOff, Bound, Evidence, Proposal):
        index.refresh(model)
