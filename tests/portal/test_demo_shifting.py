"""What is stored moves in time, and stays within the years that Python can read."""

import datetime as dt

import pytest

from portal.demo.shifting import QUARTER, shift, shift_days_in
from portal.people.models import Person
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("left", "by", "expected"),
    [
        (dt.date(2026, 11, 22), -QUARTER, dt.date(2026, 8, 23)),
        (dt.date(1, 1, 1), -QUARTER, dt.date(1, 1, 2)),
        (dt.date(9999, 12, 31), QUARTER, dt.date(9999, 12, 30)),
        (None, -QUARTER, None),
    ],
)
def test_a_day_moves_and_stays_where_it_can_be_read(left, by, expected):
    person = factories.make_person("amara")
    Person.objects.filter(pk=person.pk).update(left_at=left)
    shift(by)
    assert Person.objects.get(pk=person.pk).left_at == expected


def test_a_text_that_looks_like_a_day_and_one_at_the_end_of_the_calendar_stay():
    told = {"days": ["2026-11-22", "0001-01-01", "2026-99-99"]}
    assert shift_days_in(told, -QUARTER) == {"days": ["2026-08-23", "0001-01-01", "2026-99-99"]}
