"""What the lint says of times that cannot be true, that are rarely so, and that are well; and what would mend them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.lint import POINTS, Account, Happened, Known, Stated, Weight, is_sound, lint

DAY = dt.datetime(2026, 11, 19, tzinfo=dt.UTC)
NOW = DAY + dt.timedelta(days=1)


def at(clock: str, day: dt.datetime = DAY) -> dt.datetime:
    hours, minutes = map(int, clock.split(":"))
    return day + dt.timedelta(hours=hours, minutes=minutes)


def known(**times: str | tuple[str, str]) -> list[Known]:
    spans = {point: (value, value) if isinstance(value, str) else value for point, value in times.items()}
    return [Known(point, at(first), at(last)) for point, (first, last) in spans.items()]


WELL = {"started": "13:52", "detected": "13:58", "acknowledged": "14:01", "mitigated": "14:26", "resolved": "15:30"}


def account(times: list[Known] | None = None, **more) -> Account:
    return Account(known(**WELL) if times is None else times, NOW, declared_at=at("14:00"), **more)


def codes(found) -> list[tuple[str, str]]:
    return [(each.code, each.weight.value) for each in found]


def test_times_that_follow_each_other_are_well():
    assert lint(account(over="resolved")) == []


def test_a_time_before_the_one_it_follows_is_wrong_and_can_be_swapped():
    [found] = lint(account(known(started="13:58", detected="13:52")))
    assert (found.code, found.weight, found.points) == ("order", Weight.WRONG, ("started", "detected"))
    assert found.text == "Detected (19 Nov 2026, 13:52 UTC) is before started (19 Nov 2026, 13:58 UTC)."
    assert [each.label for each in found.mends] == ["Swap the two", "Leave started open", "Leave detected open"]
    assert found.mends[0].times == {"started": at("13:52"), "detected": at("13:58")}


def test_uncertain_times_are_wrong_only_where_no_moment_fits():
    assert lint(account(known(started=("13:50", "14:10"), detected="13:58"))) == []
    assert codes(lint(account(known(started=("14:00", "14:10"), detected="13:58")))) == [("order", "wrong")]


def test_what_was_mitigated_before_it_was_noticed_is_asked_about_and_not_wrong():
    found = lint(account(known(started="13:00", detected="14:00", acknowledged="14:05", mitigated="13:20")))
    assert codes(found) == [("mitigated_first", "doubtful")]
    assert "Did something mitigate it by itself?" in found[0].text
    assert is_sound(found)


def test_a_time_that_is_yet_to_come_is_wrong_and_a_clock_may_differ_a_little():
    late = Known("resolved", NOW + dt.timedelta(minutes=4), NOW + dt.timedelta(minutes=4))
    assert lint(account([late])) == []
    late = Known("resolved", NOW + dt.timedelta(hours=2), NOW + dt.timedelta(hours=2))
    [found] = lint(account([late]))
    assert (found.code, found.text) == ("future", "Resolved is yet to come: 20 Nov 2026, 02:00 UTC.")
    assert not is_sound([found])


@pytest.mark.parametrize("year", [2025, 2027, 2016])
def test_another_year_of_the_same_day_is_a_slip_and_is_mended_by_one_answer(year):
    slipped = at("13:52").replace(year=year)
    [found] = lint(account([Known("started", slipped, slipped)]))
    assert (found.code, found.mends[0].label) == ("year", "Make it 2026")
    assert found.mends[0].times == {"started": at("13:52")}


def test_a_report_before_the_detection_is_asked_about_with_both_answers():
    events = (Happened("report", at("13:56")), Happened("alert", at("13:57")), Happened("alert", at("14:10")))
    [found] = lint(account(events=events))
    assert found.text == ("A report from outside came at 13:56 UTC, before the detection at 13:58 UTC. Which is it?")
    assert [(each.label, each.times) for each in found.mends] == [("Use 13:56 UTC", {"detected": at("13:56")})]


def test_a_resolved_incident_is_asked_for_the_times_it_lacks():
    events = (Happened("rollback", at("14:26")),)
    found = lint(account(known(started="13:52", detected="13:58", resolved="15:30"), over="resolved", events=events))
    assert [each.points for each in found] == [("acknowledged",), ("mitigated",)]
    assert found[1].text == "Nobody has said when it was mitigated."
    assert [each.label for each in found[1].mends] == ["Use 14:26 UTC"]


def test_what_is_stated_and_what_the_times_say_must_agree_but_for_rounding():
    for minutes, said in ((98, []), (97, []), (95, [("stated", "wrong")]), (60, [("stated", "wrong")])):
        stated = [Stated(("started",), "resolved", dt.timedelta(minutes=minutes))]
        assert codes(lint(account(stated=stated))) == said, minutes


def test_a_stated_duration_is_right_from_whichever_start_its_author_meant():
    stated = [Stated(("started", "detected", "declared"), "mitigated", dt.timedelta(minutes=26))]
    assert lint(account(stated=stated)) == []


def test_a_long_silence_is_asked_about():
    events = (Happened("note", at("14:00")), Happened("note", at("19:00")))
    found = lint(account(known(started="13:52", detected="13:58", mitigated="19:10"), events=events))
    assert [each.text for each in found] == [
        "Nothing is noted between 14:00 UTC and 19:00 UTC (5 h 0 min). What happened?"
    ]


@given(st.lists(st.integers(0, 2000), min_size=5, max_size=5))
def test_sorted_times_are_never_out_of_order_and_swapped_ones_are_mended_by_swapping(minutes):
    moments = [DAY + dt.timedelta(minutes=each) for each in sorted(minutes)]
    now = DAY + dt.timedelta(days=3)
    times = [Known(point, each, each) for point, each in zip(POINTS, moments, strict=True)]
    assert not [each for each in lint(Account(times, now, moments[0])) if each.weight is Weight.WRONG]
    turned = [Known("started", moments[4], moments[4]), Known("detected", moments[0], moments[0])]
    for finding in lint(Account(turned, now, moments[0])):
        mended = [Known(point, each, each) for point, each in finding.mends[0].times.items() if each]
        assert not lint(Account(mended, now, moments[0]))


def test_what_was_mitigated_before_it_started_is_wrong_whatever_was_noticed_when():
    found = lint(account(known(started="13:00", detected="14:00", acknowledged="14:05", mitigated="12:20")))
    assert codes(found) == [("order", "wrong"), ("mitigated_first", "doubtful")]
    assert found[0].points == ("started", "mitigated")
    assert not is_sound(found)
