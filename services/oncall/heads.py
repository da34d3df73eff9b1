"""The head of an on-call schedule: who is on call now, until when, who is next."""

from django.http import HttpRequest
from django.utils.html import format_html

from portal.cells import owner_html
from portal.collections import reference_url
from portal.heads import Fact, Head, head
from services.oncall import saying
from services.oncall.models import Schedule
from services.oncall.reading import on_call


@head(on=Schedule)
def schedule_head(request: HttpRequest, schedule: Schedule) -> Head:
    found, team = on_call([schedule.team_id])[schedule.team_id], schedule.team
    empty = format_html('<span class="gw-muted">{}</span>', "nobody is planned")
    following = found.next
    return Head(
        title=str(schedule),
        subtitle=saying.rule(schedule),
        reach=[
            Fact("On call now", saying.everybody(found), saying.until(found)),
            Fact("Next", saying.who(following) if following else empty,
                 format_html("from {}", saying.moment(following.from_at)) if following else ""),
            Fact("Team", owner_html(team.label, reference_url(team.canonical, team.attached), "group", team.attached)),
        ],
    )  # fmt: skip
