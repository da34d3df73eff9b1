"""Sending: to a mail server and to chats that answer well, badly, late or not at all; by several workers; after one
died.

The mail server and the chat are real ones, on ports of this machine.
"""

import datetime as dt
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email import message_from_string, policy

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from portal.delivery import actions, chat, outbox, tasks
from portal.delivery.models import Notification, OutboxMessage
from portal.people import actions as people_actions
from tests import factories
from tests.portal.receivers import Chat, Mailbox

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 21, 14, 30, tzinfo=dt.UTC)


def deliver():
    tasks.deliver.run()


def tell(to, about="check:1#down", **values):
    told = {
        "kind": "check",
        "title": "Front page is down",
        "text": "503 for 2 of 3.",
        "url": "/services/x/",
        "why": "Yours.",
    }
    actions.notify(to=to, about=about, **{**told, **values})


def only():
    return OutboxMessage.objects.get()


@pytest.fixture
def mailbox(settings):
    with Mailbox() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.DELIVERY_TIMEOUT_S = 2
        yield server
        server.shutdown()


@pytest.fixture
def hook(settings):
    with Chat() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        settings.CHAT_WEBHOOK_ALLOW = ["127.0.0.1"]
        settings.DELIVERY_TIMEOUT_S = 1
        yield server
        server.shutdown()


# E-mail


def test_an_email_says_what_happened_where_to_look_why_and_how_to_stop(people, mailbox, settings):
    settings.PORTAL_URL = "https://portal.larkspur.example/"
    settings.DEFAULT_FROM_EMAIL = "Groundwork <groundwork@larkspur.example>"
    tell([people.editor], title="Straße & <b>Zoë</b> is down")
    deliver()
    [text] = mailbox.texts
    sent = message_from_string(text, policy=policy.default)
    assert (sent["Subject"], sent["To"]) == ("Straße & <b>Zoë</b> is down", "editor@larkspur.example")
    assert sent["Message-ID"] == f"<{only().key}@larkspur.example>"
    assert sent["Auto-Submitted"] == "auto-generated"
    body = sent.get_content()
    for said in ("503 for 2 of 3.", "https://portal.larkspur.example/services/x/", "Yours.",
                 "https://portal.larkspur.example/profile/#notifications"):  # fmt: skip
        assert said in body
    assert "twice" not in body
    assert only().state == "sent"


def test_while_mail_is_down_nothing_is_lost_and_every_message_keeps_its_message_id(people, settings, mailbox):
    free, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    with time_machine.travel(NOW) as clock:
        tell([people.editor])
        deliver()
        assert (only().state, only().attempts) == ("waiting", 1)
        assert only().last_error.startswith("The mail server cannot be reached: ")
        settings.EMAIL_PORT = free
        deliver()
        assert mailbox.texts == []
        clock.shift(15)
        deliver()
    assert (only().state, only().possibly_repeated) == ("sent", False)
    assert [message_from_string(text)["Message-ID"] for text in mailbox.texts] == [f"<{only().key}@localhost>"]


def test_a_mail_server_that_does_not_answer_is_asked_once_in_half_a_minute_however_much_waits(people, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DELIVERY_TIMEOUT_S = 0.3
    with socket.create_server(("127.0.0.1", 0)) as silent, time_machine.travel(NOW):
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        for n in range(50):
            tell([people.editor], about=f"check:{n}")
        started = time.monotonic()
        deliver()
        assert time.monotonic() - started < 2
    assert list(OutboxMessage.objects.filter(attempts__gt=0).values_list("attempts", flat=True)) == [1]
    tried = OutboxMessage.objects.get(attempts=1)
    held = OutboxMessage.objects.exclude(pk=tried.pk)
    assert all(dt.timedelta(seconds=29) < each.next_attempt_at - NOW < dt.timedelta(seconds=40) for each in held)


def test_an_address_that_is_refused_for_good_is_given_up_at_once_and_the_others_are_sent(people, mailbox):
    mailbox.answers = ["550 no such person"]
    tell([people.editor], about="check:1")
    tell([people.editor], about="check:2")
    deliver()
    assert sorted(OutboxMessage.objects.values_list("state", "attempts", "last_error")) == [
        ("dead", 1, "The address was refused: 550 no such person"),
        ("sent", 1, ""),
    ]


def test_an_address_that_is_refused_for_now_is_tried_again(people, mailbox):
    mailbox.answers = ["451 greylisted"]
    with time_machine.travel(NOW) as clock:
        tell([people.editor])
        deliver()
        assert (only().state, only().last_error) == ("waiting", "The address was refused: 451 greylisted")
        clock.shift(15)
        deliver()
    assert (only().state, only().attempts, len(mailbox.texts)) == ("sent", 2, 1)


def test_a_mail_server_that_breaks_off_after_the_text_makes_the_next_one_a_possible_repeat(people, mailbox):
    mailbox.drops = True
    with time_machine.travel(NOW) as clock:
        tell([people.editor])
        deliver()
        mailbox.drops = False
        clock.shift(15)
        deliver()
    first, second = (message_from_string(text) for text in mailbox.texts)
    assert first["Message-ID"] == second["Message-ID"]
    assert (first["X-Groundwork-Possible-Repeat"], second["X-Groundwork-Possible-Repeat"]) == (None, "yes")
    assert "This may reach you twice" in second.get_payload()
    assert (only().state, only().possibly_repeated) == ("sent", True)


def test_what_waits_for_somebody_who_has_left_is_given_up_and_says_why(people, mailbox, hook, sign_in):
    gone = factories.make_user("gone", teams=(people.team,))
    factories.make_webhook(gone.person, "#gone", url=hook.url)
    tell(people.team.reference)
    people_actions.deactivate_person(by=None, person=gone.person)
    deliver()
    assert [message_from_string(text)["To"] for text in mailbox.texts] == ["editor@larkspur.example"]
    assert hook.taken == []
    why = "The login of gone@larkspur.example is closed, so nothing is sent there."
    assert sorted(OutboxMessage.objects.values_list("recipient", "state", "last_error")) == [
        ("#gone", "dead", "The chat webhook “#gone” is of Gone, who has left."),
        ("editor@larkspur.example", "sent", ""),
        ("gone@larkspur.example", "dead", why),
    ]
    given_up = OutboxMessage.objects.get(recipient=gone.email)
    assert why in sign_in(people.administrator).get(f"/deliveries/{given_up.pk}/").content.decode()


# Chat


def test_slack_gets_text_with_its_own_three_characters_escaped_and_a_delivery_id(people, hook, settings):
    settings.PORTAL_URL = "https://portal.larkspur.example/"
    factories.make_webhook(people.team, "#alerts", url=hook.url)
    tell(people.team.reference, title="a < b & c", text="<!channel> 503")
    deliver()
    [(path, headers, body)] = hook.taken
    message = OutboxMessage.objects.get(channel="chat")
    assert path == "/services/T0-secret"
    assert headers["X-Groundwork-Delivery"] == message.key
    assert body == {
        "text": "*<https://portal.larkspur.example/services/x/|a &lt; b &amp; c>*\n&lt;!channel&gt; 503\n_Yours._"
    }
    assert message.state == "sent"


def test_teams_gets_an_adaptive_card(people, hook, settings):
    settings.PORTAL_URL = "https://portal.larkspur.example/"
    factories.make_webhook(people.team, "#alerts", url=hook.url, shape="teams")
    tell(people.team.reference)
    deliver()
    [(_, _, body)] = hook.taken
    [attachment] = body["attachments"]
    card = attachment["content"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert [block["text"] for block in card["body"]] == ["Front page is down", "503 for 2 of 3.", "Yours."]
    assert card["actions"][0]["url"] == "https://portal.larkspur.example/services/x/"


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ((404, {}), "dead", "The chat answered 404: no_service"),
        ((302, {"Location": "http://169.254.169.254/"}), "dead", "a redirect, which is not followed"),
        ((500, {}), "waiting", "The chat answered 500: no_service"),
        ((429, {"Retry-After": "120"}), "waiting", "The chat answered 429"),
        (None, "waiting", "The chat did not answer: nothing within 1 s"),
    ],
)
def test_what_a_chat_answers_badly_is_given_up_or_tried_again(people, hook, answer, state, error):
    factories.make_webhook(people.team, "#alerts", url=hook.url)
    tell(people.team.reference)
    hook.answers = [answer]
    started = timezone.now()
    deliver()
    message = OutboxMessage.objects.get(channel="chat")
    assert (message.state, len(hook.taken)) == (state, 1)
    assert error in message.last_error
    assert "secret" not in message.last_error
    assert message.possibly_repeated == (answer is None)
    if answer and answer[0] == 429:
        assert message.next_attempt_at - started >= dt.timedelta(seconds=120)


def test_a_repeat_of_a_chat_message_has_the_same_delivery_id_and_says_so(people, hook):
    factories.make_webhook(people.team, "#alerts", url=hook.url)
    hook.answers = [None]
    with time_machine.travel(NOW) as clock:
        tell(people.team.reference)
        deliver()
        clock.shift(60)
        deliver()
    (_, first, before), (_, second, after) = hook.taken
    assert first["X-Groundwork-Delivery"] == second["X-Groundwork-Delivery"]
    assert chat.REPEAT not in before["text"]
    assert chat.REPEAT in after["text"]


def test_a_name_that_leads_to_this_machine_is_not_called(people, hook, settings, monkeypatch):
    settings.CHAT_WEBHOOK_ALLOW = []
    factories.make_webhook(people.team, "#alerts", url=f"https://chat.example:{hook.server_port}/x")

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    tell(people.team.reference)
    deliver()
    message = OutboxMessage.objects.get(channel="chat")
    assert (message.state, hook.taken) == ("dead", [])
    assert "chat.example leads to the portal's own machine" in message.last_error


def test_an_address_that_became_forbidden_and_a_webhook_that_is_gone_are_said(people, hook, settings):
    webhook = factories.make_webhook(people.team, "#alerts", url=hook.url)
    tell(people.team.reference, about="a")
    settings.CHAT_WEBHOOK_ALLOW = []
    deliver()
    tell(people.team.reference, about="b")
    webhook.delete()
    deliver()
    errors = (
        OutboxMessage.objects.filter(channel="chat", state="dead").order_by("pk").values_list("last_error", flat=True)
    )
    assert "begins with https://" in errors[0]
    assert errors[1] == "Its chat webhook was deleted."
    assert hook.taken == []


def test_a_test_message_reaches_the_chat_and_its_page_says_how_it_went(sign_in, people, hook):
    webhook = factories.make_webhook(people.team, "#alerts", url=hook.url)
    browser = sign_in(people.editor)
    browser.post(f"/chat-webhooks/{webhook.pk}/-/try/")
    deliver()
    assert "Groundwork can write here" in hook.taken[0][2]["text"]
    page = browser.get(f"/chat-webhooks/{webhook.pk}/").content.decode()
    assert "Groundwork can write here" in page
    assert "Sent" in page
    assert (
        "Groundwork can write here" not in sign_in(people.reader).get(f"/chat-webhooks/{webhook.pk}/").content.decode()
    )


# Again and again


def test_attempts_are_doubled_apart_with_jitter_and_end_after_about_a_day():
    waits = [[outbox.wait_s(n) for _ in range(200)] for n in range(1, outbox.MOST_ATTEMPTS)]
    assert 7.5 <= min(waits[0]) < max(waits[0]) <= 12.5
    assert 15 <= min(waits[1]) < max(waits[1]) <= 25
    assert max(map(max, waits)) <= 4 * 3600 * 1.25
    in_all = sum(sum(each) / len(each) for each in waits)
    assert 20 * 3600 < in_all < 24 * 3600


def test_after_the_last_attempt_a_message_is_given_up_and_stays(people, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 9
    with time_machine.travel(NOW) as clock:
        tell([people.editor])
        for _ in range(20):
            deliver()
            clock.shift(dt.timedelta(hours=6))
        assert (only().state, only().attempts) == ("dead", 16)
        clock.shift(dt.timedelta(days=400))
        tasks.forget_old.run()
    assert only().state == "dead"


def test_a_fault_of_ours_in_one_message_holds_up_no_other(people, mailbox):
    tell([people.editor], about="check:1")
    broken = only()
    OutboxMessage.objects.filter(pk=broken.pk).update(payload={})
    tell([people.editor], about="check:2")
    deliver()
    assert len(mailbox.texts) == 1
    broken.refresh_from_db()
    assert (broken.state, broken.last_error) == ("waiting", "A fault of the portal: KeyError")


def test_a_message_whose_sender_died_is_sent_by_another_and_says_that_it_may_be_a_repeat(people, mailbox):
    with time_machine.travel(NOW) as clock:
        tell([people.editor])
        assert outbox.claim() == only()  # and the worker is killed here
        deliver()
        assert mailbox.texts == []
        clock.shift(outbox.LEASE + dt.timedelta(seconds=1))
        deliver()
    [text] = mailbox.texts
    assert "This may reach you twice" in text
    assert (only().state, only().possibly_repeated, only().attempts) == ("sent", True, 2)


def test_a_lease_outlives_whatever_holds_it():
    assert outbox.LEASE.total_seconds() > 2 * tasks.deliver.time_limit
    assert outbox.RUN_FOR_S < outbox.TIME_LIMIT_S


def test_what_was_sent_and_read_is_deleted_after_the_days_that_are_set_and_the_rest_is_kept(people, settings, mailbox):
    settings.DELIVERY_KEEP_DAYS = 30
    with time_machine.travel(NOW) as clock:
        tell([people.editor, people.reader])
        deliver()
        actions.mark_read(user=people.editor)
        clock.shift(dt.timedelta(days=29))
        tasks.forget_old.run()
        assert (Notification.objects.count(), OutboxMessage.objects.count()) == (2, 2)
        clock.shift(dt.timedelta(days=2))
        tasks.forget_old.run()
    assert list(Notification.objects.values_list("user", flat=True)) == [people.reader.pk]
    assert not OutboxMessage.objects.exists()


# Several at once


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_of_sixty_messages_once(people, mailbox):
    for n in range(60):
        tell([people.editor], about=f"check:{n}")
    start = threading.Barrier(4)

    def work():
        start.wait(timeout=10)
        try:
            return outbox.deliver_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        counts = [each.result() for each in [pool.submit(work) for _ in range(4)]]
    ids = [message_from_string(text)["Message-ID"] for text in mailbox.texts]
    assert len(ids) == len(set(ids)) == 60 == sum(counts)
    assert len([count for count in counts if count]) > 1
    assert set(OutboxMessage.objects.values_list("state", "attempts", "possibly_repeated")) == {("sent", 1, False)}


@pytest.mark.django_db(transaction=True)
def test_while_one_worker_sends_a_message_another_does_not_get_it(people, mailbox):
    tell([people.editor])
    assert outbox.claim() is not None

    def other():
        try:
            return outbox.claim()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(other).result() is None


@pytest.mark.django_db(transaction=True)
def test_the_same_event_reported_by_two_at_once_is_in_the_inbox_once(people):
    everybody = [people.editor, *(factories.make_user(teams=(people.team,)) for _ in range(12))]
    start = threading.Barrier(4)

    def report(at):
        start.wait(timeout=10)
        try:
            for n in range(10):
                tell(everybody if at % 2 else reversed(everybody), about=f"check:{n}")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(report, at) for at in range(4)]:
            each.result()
    assert Notification.objects.filter(user=people.editor).count() == 10
    assert Notification.objects.count() == OutboxMessage.objects.count() == 130


@pytest.mark.django_db(transaction=True)
def test_without_redis_a_change_and_what_it_tells_are_written_all_the_same(people, settings):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    working = settings.CACHES
    settings.CACHES = {"default": {**working["default"], "LOCATION": f"redis://127.0.0.1:{port}/0"}}
    tell(people.team.reference)
    settings.CACHES = working
    cache.clear()
    assert Notification.objects.count() == 1
    assert only().state == "waiting"
