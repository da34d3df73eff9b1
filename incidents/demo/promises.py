"""Follow-ups of the demo, in all states: late, declined with a reason, verified by what shows it, or forgotten."""

import datetime as dt
from collections.abc import Iterator, Sequence

from incidents.demo.history import Past
from incidents.demo.reports import Report
from incidents.demo.rows import Writer
from incidents.demo.stories import Action, phrases
from incidents.models import FollowUp, FollowUpState, Node

LONGEST_DAYS = 90
TICKETS = "https://tickets.larkspur.example/browse"
# Who else is asked to do something, and for which kind of work.
ELSEWHERE = {"detect": "group:default/reliability", "process": "group:default/reliability"}
_ENDS = (
    (FollowUpState.VERIFIED, 0.2), (FollowUpState.DONE, 0.44), (FollowUpState.DECLINED, 0.13),
    (FollowUpState.COMMITTED, 0.1), (FollowUpState.IDEA, 0.13),
)  # fmt: skip


class Promises:
    """Writes them as ideas, and then what became of each."""

    def __init__(self, writer: Writer, past: Past, now: dt.datetime) -> None:
        self.writer, self.past, self.now = writer, past, now
        self.teams = {each.canonical: each for each in writer.company.teams}

    def write(self, told: Sequence[Report]) -> None:
        rows = [row for report in told for row in self._of(report)]
        self.past.insert(FollowUp, [(row, suggested) for row, suggested, _ in rows])
        ends = [(row, at, state) for row, at, state in rows]
        self._commit([each for each in ends if each[2] not in {FollowUpState.IDEA, FollowUpState.DECLINED}])
        self._finish([each for each in ends if each[2] in {FollowUpState.DONE, FollowUpState.VERIFIED}])
        self._verify([each for each in ends if each[2] == FollowUpState.VERIFIED])
        self._decline([each for each in ends if each[2] == FollowUpState.DECLINED])

    def _of(self, report: Report) -> Iterator[tuple[FollowUp, dt.datetime, str]]:
        scene = report.course.scene
        at = report.begun + dt.timedelta(hours=5)
        for number, action in enumerate(scene.story.actions, start=1):
            draw = scene.draw(f"follow-up {number}")
            row = FollowUp(
                incident=self.writer.incidents[scene.key], number=number, title=scene.say(action.title)[:200],
                text=scene.say(action.text) if action.text else "", ticket=_ticket(draw.random()),
                action_type=self.writer.nodes[f"act-{action.kind}"], factor=self._factor(action),
            )  # fmt: skip
            yield row, at, self._end(draw.random(), at)

    def _factor(self, action: Action) -> Node | None:
        return self.writer.nodes[action.factor] if action.factor else None

    def _end(self, draw: float, at: dt.datetime) -> str:
        """What became of it; of what is new nothing much yet."""
        if self.now - at < dt.timedelta(days=45):
            return FollowUpState.COMMITTED if draw < 0.65 else FollowUpState.IDEA
        for state, share in _ENDS:
            if draw < share:
                return state
            draw -= share
        return FollowUpState.IDEA

    def _commit(self, rows: Sequence[tuple[FollowUp, dt.datetime, str]]) -> None:
        changed = []
        for row, suggested, _ in rows:
            at = suggested + dt.timedelta(days=1 + row.pk % 5)
            severity = row.incident.severity
            days = (severity.follow_up_days if severity else None) or LONGEST_DAYS
            kind = row.action_type.slug.removeprefix("act-") if row.action_type else ""
            row.owner = self.teams.get(ELSEWHERE.get(kind, ""), row.incident.owner)
            row.state, row.committed_at = FollowUpState.COMMITTED, min(at, self.now)
            row.due_on = (at + dt.timedelta(days=days)).date()
            changed.append((row, row.committed_at))
        self.past.change(FollowUp, ("state", "owner", "due_on", "committed_at"), changed)

    def _finish(self, rows: Sequence[tuple[FollowUp, dt.datetime, str]]) -> None:
        changed = []
        for row, suggested, _ in rows:
            days = 8 + row.pk * 37 % 88
            row.state, row.done_at = FollowUpState.DONE, min(suggested + dt.timedelta(days=days), self._lately(row, 5))
            changed.append((row, row.done_at))
        self.past.change(FollowUp, ("state", "done_at"), changed)

    def _verify(self, rows: Sequence[tuple[FollowUp, dt.datetime, str]]) -> None:
        changed = []
        for row, _, _ in rows:
            said = phrases()["verified"]
            row.state, row.evidence = FollowUpState.VERIFIED, said[row.pk % len(said)]
            row.ended_at = min((row.done_at or self.now) + dt.timedelta(days=20), self._lately(row, 1))
            changed.append((row, row.ended_at))
        self.past.change(FollowUp, ("state", "evidence", "ended_at"), changed)

    def _decline(self, rows: Sequence[tuple[FollowUp, dt.datetime, str]]) -> None:
        changed = []
        for row, suggested, _ in rows:
            said = phrases()["declined"]
            row.state, row.reason = FollowUpState.DECLINED, said[row.pk % len(said)]
            row.ended_at = min(suggested + dt.timedelta(days=3 + row.pk % 40), self.now)
            changed.append((row, row.ended_at))
        self.past.change(FollowUp, ("state", "reason", "ended_at"), changed)

    def _lately(self, row: FollowUp, days: int) -> dt.datetime:
        return self.now - dt.timedelta(days=days, hours=row.pk % 20)


def _ticket(draw: float) -> str:
    return f"{TICKETS}/REL-{int(draw * 9000) + 1000}" if draw < 0.7 else ""
