"""What others rest on is not deleted: the reader is told by whom it is needed, and what to do about it."""

import pytest
from django.test import Client

from portal.actions import StillNeeded
from portal.needing import why_kept
from services.health import actions
from services.health.models import Limit, Metric

pytestmark = pytest.mark.django_db


@pytest.fixture
def metric(people) -> Metric:
    """A metric that two limits watch and a third is driven by."""
    kept, driver = (
        actions.create_metric(by=None, values={"subject": people.team.reference, "name": name, "title": name.title()})
        for name in ("disk", "orders")
    )
    for name, watched in (("Full", driver), ("Ordered", driver), ("Read only", kept)):
        driven = driver if watched is kept else None
        values = {"metric": watched, "name": name, "ceiling": 100, "lead_days": 30, "driver": driven}
        actions.create_limit(by=None, values=values)
    return driver


def test_the_page_names_what_needs_a_record_and_deletes_nothing(sign_in, people, metric):
    client = sign_in(people.administrator)
    address = f"/metrics/{metric.pk}/delete/"
    answer = client.post(address, {"version": client.get(address).context["version"]})
    assert answer.status_code == 409
    assert answer.context["problem"] == (
        "Orders is needed by the limit “Full”, the limit “Ordered” and the limit “Read only”. Delete those first, or "
        "let them use something else."
    )
    assert "Not deleted" in answer.content.decode()
    assert Metric.objects.filter(pk=metric.pk).exists()


def test_the_api_answers_409_with_the_same_sentence(api, people, metric):
    client, address = api(people.administrator), f"/api/v1/metrics/{metric.pk}/"
    answer = client.delete(address, headers={"If-Match": "*"})
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("Orders is needed by the limit “Full”, the limit “Ordered” and")
    Limit.objects.all().delete()
    assert client.delete(address, headers={"If-Match": "*"}).status_code == 204


def test_of_many_the_first_are_named_and_the_others_counted(people, metric):
    needed = StillNeeded(metric, [*Limit.objects.order_by("name"), *Limit.objects.order_by("name")])
    assert "the limit “Full”, the limit “Ordered”, the limit “Read only” and 3 more." in why_kept(needed, people.reader)


def test_what_the_reader_may_not_see_is_counted_and_not_named(people, metric):
    needed = StillNeeded(metric, [people.administrator])
    assert why_kept(needed, people.reader).startswith("Orders is needed by 1 that you may not see. Delete")
    assert why_kept(needed, people.administrator).startswith("Orders is needed by the login “Administrator”. Delete")


def test_who_may_not_delete_it_learns_nothing_of_what_needs_it(people, metric):
    client = Client()
    client.force_login(people.stranger, backend="portal.people.backends.PersonBackend")
    assert client.post(f"/metrics/{metric.pk}/delete/").status_code == 403
