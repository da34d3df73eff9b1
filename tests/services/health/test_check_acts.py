"""Making, changing, running and testing checks: who may, what is refused with which words, what is written."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from portal.named_values import MASK
from services.health import actions, views
from services.health.models import (
    Check,
    CheckChange,
    CheckKind,
    CheckResult,
    CheckState,
    CheckStatus,
    HealthState,
    MaintenanceWindow,
    Outcome,
)  # fmt: skip
from services.health.results import Answer, record
from tests.factories import make_entity

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


def make(entity, address: str = "https://shop.example.com/", *, by=None, **values) -> Check:
    return actions.create_check(by=by, values={"entity": entity, "name": "Page", "address": address, **values})


@pytest.fixture
def shop(people):
    return make_entity("shop", owner=people.team)


# Their state


def test_a_new_check_is_due_at_once_and_unknown(shop):
    check = make(shop)
    assert CheckState.objects.values_list("of", "status", "reason").get() == (
        check.pk, "unknown", "waiting for its first answer"
    )  # fmt: skip
    assert HealthState.objects.values_list("status", "reason").get() == (
        "unknown", "Page is unknown: waiting for its first answer"
    )  # fmt: skip


def test_a_check_that_is_switched_off_loses_its_state_and_its_say_and_says_so_in_its_timeline(shop):
    check = make(shop)
    record([Answer(check.pk, NOON, NOON, Outcome.UP, reason="answered 200")])
    check = actions.update_check(by=None, record=check, values={"is_active": False})
    assert not CheckState.objects.exists()
    assert not HealthState.objects.exists()
    last = CheckChange.objects.order_by("-at").first()
    assert (last.before, last.after, last.reason) == ("up", "unknown", "switched off")
    actions.update_check(by=None, record=check, values={"is_active": True})
    assert CheckState.objects.get().status == CheckStatus.UNKNOWN


def test_a_check_that_asks_something_else_begins_anew_and_one_that_is_renamed_does_not(shop):
    check = make(shop)
    record([Answer(check.pk, NOON, NOON, Outcome.UP, reason="answered 200")])
    check = actions.update_check(by=None, record=check, values={"name": "Front page", "expected_text": "Welcome"})
    assert CheckState.objects.get().status == CheckStatus.UP
    actions.update_check(by=None, record=check, values={"address": "https://shop.example.com/health"})
    assert CheckState.objects.get().status == CheckStatus.UNKNOWN


def test_another_pace_keeps_the_status_and_begins_at_once(shop):
    check = make(shop, interval_s=86_400)
    now = CheckState.objects.get().due_at
    record([Answer(check.pk, now, now, Outcome.UP)])
    assert CheckState.objects.get().due_at > now
    actions.update_check(by=None, record=check, values={"interval_s": 30})
    state = CheckState.objects.get()
    assert state.status == CheckStatus.UP
    assert state.due_at - now < dt.timedelta(seconds=30)


def test_a_check_that_moves_takes_its_say_along(shop, people):
    other = make_entity("till", owner=people.team)
    check = make(shop)
    actions.update_check(by=people.editor, record=check, values={"entity": other})
    assert list(HealthState.objects.values_list("entity__name", flat=True)) == ["till"]


# Who may


def test_whoever_may_edit_the_service_may_write_its_checks_and_nobody_else(shop, people):
    check = make(shop, by=people.editor)
    for user, may in (("editor", True), ("administrator", True), ("reader", False), ("stranger", False)):
        for act in ("change", "delete"):
            assert getattr(people, user).has_perm(f"health.{act}_check", check) is may
    with pytest.raises(ValidationError, match="shop belongs to another team"):
        make(shop, by=people.reader, name="Another")
    foreign = make_entity("ledger", owner=people.other)
    with pytest.raises(ValidationError, match="ledger belongs to another team"):
        actions.update_check(by=people.editor, record=check, values={"entity": foreign})


def test_windows_are_written_by_whoever_may_edit_the_service(shop, people):
    values = {"entity": shop, "reason": "Move", "starts_at": NOON, "ends_at": NOON + dt.timedelta(hours=1)}
    window = actions.create_window(by=people.editor, values=values)
    assert people.editor.has_perm("health.change_maintenancewindow", window)
    assert not people.reader.has_perm("health.change_maintenancewindow", window)
    with pytest.raises(ValidationError, match="another team"):
        actions.create_window(by=people.reader, values=values)
    actions.update_window(by=people.editor, record=window, values={"reason": "Bigger move"})
    assert MaintenanceWindow.objects.get().reason == "Bigger move"
    actions.delete_window(by=people.editor, record=window)
    assert not MaintenanceWindow.objects.exists()


# What is refused


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"address": ""}, "address", "is no web address"),
        ({"address": "http://127.0.0.1/"}, "address", "is the portal's own machine, which PROBE_ALLOW does not name."),
        ({"address": "http://169.254.169.254/"}, "address", "is a link-local address"),
        ({"kind": "tcp", "address": "db"}, "address", "is no host and port"),
        ({"address": "http://exa mple.com/"}, "address", "“exa mple.com” is no name of a host: it has “ ” in it."),
        ({"kind": "tcp", "address": "d b:5432"}, "address", "“d b” is no name of a host"),
        ({"expected_status": "2xx"}, "expected_status", "“2xx” is no status. Write 200, or 200-299"),
        ({"headers": ["a"]}, "headers", "Headers are names with values"),
        ({"headers": {"X Key": "a"}}, "headers", "“X Key” cannot be sent as the name of a header"),
        ({"headers": {"Content-Length": "4"}}, "headers", "cannot be sent"),
        ({"headers": {"X-Key": "a\r\nHost: b"}}, "headers", "The value of the header X-Key is no single line"),
        ({"method": "HEAD", "expected_text": "ok"}, "expected_text", "HEAD is answered without a text."),
        ({"interval_s": 9}, "interval_s", "10"),
        ({"interval_s": 10, "timeout_ms": 11_000}, "timeout_ms", "11000 ms is longer than the 10 s"),
        ({"failures_needed": 4, "of_last": 3}, "__all__", "cannot need more failures than it looks at"),
    ],
)
def test_values_that_cannot_be_asked_are_refused_with_the_reason(shop, values, field, words):
    with pytest.raises(ValidationError) as refused:
        make(shop, **values)
    assert words in " ".join(refused.value.message_dict[field])
    assert not Check.objects.exists()


def test_a_heartbeat_needs_no_address(shop):
    check = make(shop, "", kind=CheckKind.HEARTBEAT, interval_s=86_400)
    assert CheckState.objects.get(of=check).reason == "waiting for its first ping, expected every 1 d"


# Run now


def test_run_now_asks_at_once_records_the_answer_and_leaves_the_schedule_alone(shop, people, sign_in, targets):
    check = make(shop, targets.url())
    due = CheckState.objects.get().due_at
    response = sign_in(people.editor).post(f"/checks/{check.pk}/-/run/", follow=True)
    assert response.status_code == 200
    assert "Up: answered 200, in" in response.content.decode()
    assert (targets.asked["/ok"], CheckResult.objects.get().outcome) == (1, Outcome.UP)
    assert (CheckState.objects.get().due_at, CheckState.objects.get().status) == (due, CheckStatus.UP)


def test_a_check_that_may_take_longer_than_its_reader_waits_is_not_called_down(
    shop, people, sign_in, targets, monkeypatch
):
    monkeypatch.setattr(views, "PATIENCE_MS", 1000)
    check = make(shop, targets.url("/hang"), timeout_ms=60_000)
    client = sign_in(people.editor)
    text = client.post(f"/checks/{check.pk}/-/run/", headers={"HX-Request": "true"}).content.decode()
    assert "No answer within 1 s, which is no failure: the check waits up to 60 s. Nothing is recorded" in text
    assert 'data-s="idle"' in text
    assert not CheckResult.objects.exists()
    assert CheckState.objects.get().status == CheckStatus.UNKNOWN
    text = client.post("/checks/-/test/", {"address": targets.url("/hang"), "timeout_ms": 60_000}).content.decode()
    assert "No answer within 1 s, which is no failure: the check waits up to 60 s. Once saved" in text
    check = actions.update_check(by=None, record=check, values={"timeout_ms": 900})
    client.post(f"/checks/{check.pk}/-/run/")
    assert CheckResult.objects.values_list("outcome", "reason").get() == (Outcome.DOWN, "no answer within 900 ms")


def test_run_now_answers_a_part_of_a_page_to_htmx(shop, people, sign_in, targets):
    check = make(shop, targets.url("/status/503"))
    response = sign_in(people.editor).post(f"/checks/{check.pk}/-/run/", headers={"HX-Request": "true"})
    text = response.content.decode()
    assert 'data-s="bad"' in text
    assert "Down: answered 503, expected 200-299, in" in text
    assert "<html" not in text


@pytest.mark.parametrize("values", [{"kind": CheckKind.HEARTBEAT, "address": ""}, {"is_active": False}])
def test_what_cannot_be_asked_says_why(shop, people, sign_in, values):
    check = make(shop, **values)
    response = sign_in(people.editor).post(f"/checks/{check.pk}/-/run/")
    assert response.status_code == 422
    assert ("switched off" if "is_active" in values else "waits for pings") in response.content.decode()


def test_somebody_who_asks_too_often_is_asked_to_wait(shop, people, sign_in, targets):
    check = make(shop, targets.url())
    client = sign_in(people.editor)
    statuses = [client.post(f"/checks/{check.pk}/-/run/").status_code for _ in range(11)]
    assert statuses == [302] * 10 + [429]
    assert targets.asked["/ok"] == 10
    assert client.post("/checks/-/test/", {"address": targets.url()}).status_code == 429


# Test while editing


def test_a_test_asks_what_the_form_says_and_writes_nothing(people, sign_in, targets):
    values = {"address": targets.url(), "expected_text": "ill", "headers": "X-Key: k"}
    response = sign_in(people.editor).post("/checks/-/test/", values)
    assert response.status_code == 200
    assert "Down: answered 200, but “ill” is not in the answer, in" in response.content.decode()
    assert "X-Key: k" in targets.requests[0]
    assert not CheckResult.objects.exists()
    assert not Check.objects.exists()


def test_without_a_script_a_test_shows_the_form_again_as_it_was_typed_below_the_answer(people, sign_in, shop, targets):
    client = sign_in(people.editor)
    typed = {"name": "Front <page>", "address": targets.url(), "expected_text": "ill", "interval_s": "77"}
    page = client.post("/checks/-/test/", typed).content.decode()
    assert page.index("is not in the answer") < page.index('name="name"')
    for text in ('value="Front &lt;page&gt;"', f'value="{targets.url()}"', 'value="77"', 'action="/checks/-/new/"'):
        assert text in page, text
    assert "This field is required" not in page
    check = make(shop, targets.url())
    edited = client.post(f"/checks/-/test/?of={check.pk}", {**typed, "version": "1", "base": "{}"}).content.decode()
    for text in (f'action="/checks/{check.pk}/edit/"', 'value="77"', "Edit Page", 'name="version" value="1"'):
        assert text in edited, text
    beside = client.post("/checks/-/test/", typed, headers={"HX-Request": "true"}).content.decode()
    assert ("is not in the answer" in beside, "<form" in beside) == (True, False)


def test_a_test_of_values_that_cannot_be_asked_says_what_is_wrong(people, sign_in):
    client = sign_in(people.editor)
    response = client.post("/checks/-/test/", {"address": "http://169.254.169.254/", "expected_status": "2xx"})
    assert response.status_code == 422
    assert "169.254.169.254 is a link-local address, which PROBE_ALLOW does not name." in response.content.decode()
    assert "“2xx” is no status." in response.content.decode()
    response = client.post("/checks/-/test/", {"kind": "heartbeat"})
    assert "A heartbeat asks nothing" in response.content.decode()


def test_a_name_that_leads_to_a_closed_address_is_told_when_it_is_tested(people, sign_in, settings):
    response = sign_in(people.editor).post("/checks/-/test/", {"address": "http://localhost:9/"})
    assert "Nothing was asked: localhost (" in response.content.decode()


# Headers


def test_headers_are_written_as_lines_and_their_secrets_are_hidden_wherever_they_are_shown(shop, people, sign_in, api):
    client = sign_in(people.editor)
    lines = "Accept: application/json\nAuthorization: Bearer s3cret"
    given = {**FORM, "entity": "component:default/shop", "headers": lines}
    assert client.post("/checks/-/new/", given).status_code == 302
    check = Check.objects.get()
    assert check.headers == {"Accept": "application/json", "Authorization": "Bearer s3cret"}
    actions.update_check(by=people.editor, record=check, values={"name": "Front page"})
    pages = [client.get(f"/checks/{check.pk}/{part}").content.decode() for part in ("", "edit/", "history/")]
    pages += [client.get("/checks/?format=csv").getvalue().decode()]
    pages += [api(people.service_account).get(f"/api/v1/checks/{check.pk}/").content.decode()]
    for page in pages:
        assert "s3cret" not in page
    assert "Authorization" in pages[0]
    assert f"Authorization: {MASK}" in pages[1]
    assert "Accept: application/json" in pages[1]


FORM = {
    "name": "Page", "kind": "http", "address": "https://shop.example.com/", "method": "GET", "expected_status": "200",
    "interval_s": "60", "timeout_ms": "1000", "grace_s": "300", "failures_needed": "2", "of_last": "3",
    "environment": "production", "is_active": "on",
}  # fmt: skip
SECRET = {"Authorization": "Bearer s3cret"}


def test_a_secret_that_is_left_hidden_stays_and_one_that_is_typed_replaces_it(shop, people):
    check = make(shop, headers=SECRET)
    check = actions.update_check(by=people.editor, record=check, values={"headers": {"Authorization": MASK, "A": "b"}})
    assert check.headers == {**SECRET, "A": "b"}
    check = actions.update_check(by=people.editor, record=check, values={"headers": {"Authorization": "Bearer new"}})
    assert check.headers == {"Authorization": "Bearer new"}
    with pytest.raises(ValidationError, match="The value of X-Token is hidden, and nothing is kept under that name"):
        actions.update_check(by=people.editor, record=check, values={"headers": {"X-Token": MASK}})


@pytest.mark.parametrize("values", [{}, {"headers": {"Authorization": MASK}}, {"headers": SECRET}])
def test_a_secret_is_not_sent_to_another_server_until_it_is_typed_again(shop, people, values):
    check = make(shop, headers=SECRET)
    elsewhere = {"address": "https://elsewhere.example.com/", **values}
    with pytest.raises(ValidationError, match=r"another server now\. Type the value of Authorization again"):
        actions.update_check(by=people.editor, record=check, values=elsewhere)
    for path in ("https://shop.example.com/health", "https://shop.example.com:443/"):
        assert actions.update_check(by=people.editor, record=check, values={"address": path}).headers == SECRET


def test_headers_that_are_no_lines_of_name_and_value_are_refused(shop, people, sign_in):
    client = sign_in(people.editor)
    for lines, words in (("Accept", "“Accept” has no name and value."), ("A: 1\na: 2", "“a” stands here twice.")):
        page = client.post("/checks/-/new/", {**FORM, "entity": "component:default/shop", "headers": lines})
        assert (page.status_code, words in page.content.decode()) == (422, True)


@pytest.mark.parametrize("name", ["X-Jwt", "connect.sid", "X-OTP", "Access", "My-Header"])
def test_what_is_secret_by_its_name_or_its_look_is_hidden(shop, people, sign_in, name):
    check = make(shop, headers={name: "Bearer s3cret", "X-Inside": "plain", "X-Hotpath": "too"})
    for part in ("", "edit/"):
        page = sign_in(people.editor).get(f"/checks/{check.pk}/{part}").content.decode()
        assert ("s3cret" in page, "plain" in page, "too" in page) == (False, True, True)
    with pytest.raises(ValidationError, match=f"Type the value of {name} again"):
        actions.update_check(by=people.editor, record=check, values={"address": "https://elsewhere.example.com/"})


# What one transaction did is one event of the history.
@pytest.mark.django_db(transaction=True)
def test_keys_in_the_address_are_seen_by_who_may_edit_it_alone(shop, people, sign_in, api):
    address = "https://shop.example.com/health?region=eu&api_key="
    check = make(shop, f"{address}s3cret")
    actions.update_check(by=people.editor, record=check, values={"address": f"{address}s3cret2#end"})
    reader = sign_in(people.reader)
    pages = [reader.get(f"/checks/{check.pk}/{part}").content.decode() for part in ("", "history/")]
    for page in pages:
        assert ("s3cret" in page, f"region=eu&amp;api_key={MASK}" in page) == (False, True)
    assert "s3cret" not in reader.get("/checks/?format=csv").getvalue().decode()
    assert "s3cret" not in api(people.service_account).get(f"/api/v1/checks/{check.pk}/").content.decode()
    assert "s3cret2#end" in sign_in(people.editor).get(f"/checks/{check.pk}/edit/").content.decode()


def test_a_test_while_editing_sends_the_hidden_header_that_is_kept_to_its_own_server_only(
    shop, people, sign_in, targets
):
    check = make(shop, targets.url(), headers=SECRET)
    client, masked = sign_in(people.editor), f"Authorization: {MASK}"
    address = f"/checks/-/test/?of={check.pk}"
    assert client.post(address, {"address": targets.url("/status/204"), "headers": masked}).status_code == 200
    assert "Authorization: Bearer s3cret" in targets.requests[-1]
    refused = client.post(address, {"address": targets.url("/ok", "localhost"), "headers": masked})
    assert (refused.status_code, "leads to another server" in refused.content.decode()) == (422, True)
    # Somebody of another team has nothing kept for them.
    other = sign_in(people.reader).post(address, {"address": targets.url(), "headers": masked})
    assert (other.status_code, "nothing is kept under that name" in other.content.decode()) == (422, True)
    assert len(targets.requests) == 1


def test_the_form_of_a_check_has_a_button_that_tries_it(shop, people, sign_in):
    check = make(shop)
    page = sign_in(people.editor).get(f"/checks/{check.pk}/edit/").content.decode()
    assert f'formaction="/checks/-/test/?of={check.pk}"' in page


# Another address of a heartbeat


def test_a_heartbeat_with_another_address_turns_the_former_one_away_at_once(shop, people, sign_in, client):
    beat = make(shop, "", kind=CheckKind.HEARTBEAT)
    before = f"/hooks/heartbeat/{beat.token}/"
    assert client.post(before).status_code == 204
    assert sign_in(people.reader).post(f"/checks/{beat.pk}/-/renew/").status_code == 403
    assert client.post(before).status_code == 204
    page = sign_in(people.editor).post(f"/checks/{beat.pk}/-/renew/", follow=True).content.decode()
    beat.refresh_from_db()
    assert f"/hooks/heartbeat/{beat.token}/" in page
    assert (client.post(before).status_code, client.post(f"/hooks/heartbeat/{beat.token}/").status_code) == (404, 204)


def test_only_a_heartbeat_has_an_address_to_renew(shop, people, sign_in):
    check = make(shop)
    assert sign_in(people.editor).post(f"/checks/{check.pk}/-/renew/").status_code == 404
    assert "Stop the old address" not in sign_in(people.editor).get(f"/checks/{check.pk}/").content.decode()


# What one transaction did is one event of the history.
@pytest.mark.django_db(transaction=True)
def test_the_history_tells_who_gave_a_heartbeat_another_address_and_not_which(shop, people, sign_in):
    beat = make(shop, "", kind=CheckKind.HEARTBEAT)
    client = sign_in(people.editor)
    client.post(f"/checks/{beat.pk}/-/renew/")
    page = client.get(f"/checks/{beat.pk}/history/").content.decode()
    assert ("Address of its pings made" in page, "Editor" in page) == (True, True)
    beat.refresh_from_db()
    assert (beat.token in page, beat.version) == (False, 1)
