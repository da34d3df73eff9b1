"""Telling people: who is told what where, once, and with the change it tells of."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.delivery import actions, tasks
from portal.delivery.kinds import kinds
from portal.delivery.models import ChatWebhook, Notification, OutboxMessage
from portal.people import actions as people_actions
from portal.people.models import Membership
from tests import factories

pytestmark = pytest.mark.django_db
CHECKOUT = "/services/checkout-api/"


def tell(to, about="check:1#down", **values):
    told = {"kind": "check", "title": "Front page is down", "text": "503 for 2 of 3.", "url": CHECKOUT, "why": "Yours."}
    actions.notify(to=to, about=about, **{**told, **values})


def deliver():
    tasks.deliver.run()


# Who is told


def test_a_team_is_told_in_the_inbox_by_mail_and_in_its_chat(people):
    factories.make_webhook(people.team, "#checkout-alerts")
    factories.make_webhook(people.other, "#payments")
    factories.make_webhook(people.team, "#old", is_active=False)
    tell(people.team.reference)
    assert list(Notification.objects.values_list("user__email", "title", "why")) == [
        ("editor@larkspur.example", "Front page is down", "Yours.")
    ]
    assert sorted(OutboxMessage.objects.values_list("channel", "recipient", "state")) == [
        ("chat", "#checkout-alerts", "waiting"),
        ("email", "editor@larkspur.example", "waiting"),
    ]


def test_somebody_who_left_the_team_or_the_company_is_not_told(people):
    gone, left = factories.make_user("gone", teams=(people.team,)), factories.make_user("left", teams=(people.team,))
    people_actions.deactivate_person(by=None, person=gone.person)
    people_actions.leave_team(by=None, membership=Membership.objects.get(person=left.person.reference))
    tell(people.team.reference)
    assert list(Notification.objects.values_list("user", flat=True)) == [people.editor.pk]
    gone.refresh_from_db()
    tell([gone], about="check:1#to-gone")
    assert not Notification.objects.filter(user=gone).exists()


def test_the_same_event_is_told_once_and_another_one_again(people):
    for about in ("check:1#down-10:00", "check:1#down-10:00", "check:1#up-10:05"):
        tell(people.team.reference, about=about)
    assert Notification.objects.filter(user=people.editor).count() == 2
    assert OutboxMessage.objects.count() == 2


def test_the_same_event_told_to_a_team_and_to_its_member_reaches_the_member_once(people):
    tell(people.team.reference)
    tell([people.editor, people.reader])
    assert sorted(Notification.objects.values_list("user__email", flat=True)) == [
        "editor@larkspur.example",
        "reader@larkspur.example",
    ]
    assert OutboxMessage.objects.count() == 2


def test_what_is_told_goes_with_a_change_that_is_taken_back(people):
    with transaction.atomic():
        tell(people.team.reference)
        assert Notification.objects.exists()
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_telling_takes_as_many_queries_for_forty_people_as_for_one(people):
    def queries(about):
        with CaptureQueriesContext(connection) as captured:
            tell(people.team.reference, about=about)
        return len(captured)

    one = queries("check:1#first")
    for n in range(40):
        factories.make_user(f"member-{n}", teams=(people.team,))
    assert queries("check:1#second") == one <= 9


def test_an_unknown_kind_and_an_address_elsewhere_are_refused_in_words(people):
    with pytest.raises(ValueError, match=r"There is no kind of notification “chek”. There are: .*check.*notices.py"):
        tell([people.editor], kind="chek")
    for url in ("https://evil.example/", "//evil.example/"):
        with pytest.raises(ValueError, match="is no path of the portal"):
            tell([people.editor], url=url)


# The inbox


def bell(page):
    found = re.search(r'aria-label="Notifications(?:, (.+?) unread)?"', page)
    return found[1] if found else "no bell"


def test_the_bell_says_how_many_are_unread_and_follows_what_is_told_and_read(
    sign_in, people, django_capture_on_commit_callbacks
):
    browser = sign_in(people.editor)
    assert bell(browser.get("/").content.decode()) is None
    with django_capture_on_commit_callbacks(execute=True):
        tell(people.team.reference)
    assert bell(browser.get("/").content.decode()) == "1"
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/notifications/read/")
    assert bell(browser.get("/").content.decode()) is None


def test_a_page_counts_what_is_unread_once_a_minute_at_most(sign_in, people):
    browser = sign_in(people.editor)
    browser.get("/help/")
    with CaptureQueriesContext(connection) as captured:
        browser.get("/help/")
    assert not [query for query in captured if "delivery_notification" in query["sql"]]


def test_more_than_99_unread_are_not_counted_out(sign_in, people):
    Notification.objects.bulk_create(
        Notification(user=people.editor, key=str(n), about="a", kind="check", title="t", url="/", why="w")
        for n in range(150)
    )
    cache.clear()
    assert bell(sign_in(people.editor).get("/help/").content.decode()) == "more than 99"


def test_the_inbox_groups_by_record_newest_first_and_says_why(sign_in, people):
    tell([people.editor], about="check:1#1", title="Front page is down")
    tell([people.editor], about="limit:7#1", title="orders-db is full in spring", kind="limit", why="You own it.")
    tell([people.editor], about="check:1#2", title="Front page is up again")
    response = sign_in(people.editor).get("/notifications/")
    groups = response.context["groups"]
    assert [(each.newest.title, [old.title for old in each.earlier], each.unread) for each in groups] == [
        ("Front page is up again", ["Front page is down"], 2),
        ("orders-db is full in spring", [], 1),
    ]
    page = response.content.decode()
    assert "You own it." in page
    assert "1 earlier, 1 unread" in " ".join(page.split())
    assert page.count("<strong>") == 3


def test_a_long_group_shows_its_newest_and_leads_to_all(sign_in, people):
    for n in range(20):
        tell([people.editor], about=f"check:1#{n}", title=f"Number {n}")
    browser = sign_in(people.editor)
    [group] = browser.get("/notifications/").context["groups"]
    assert (group.newest.title, len(group.earlier), group.hidden, group.total) == ("Number 19", 5, 14, 20)
    assert "All 20 about this" in browser.get("/notifications/").content.decode()
    everything = browser.get("/notifications/", {"about": "check:1"}).context["groups"]
    assert [each.newest.title for each in everything] == [f"Number {n}" for n in range(19, -1, -1)]


def test_the_inbox_takes_as_many_queries_for_many_groups_as_for_one(sign_in, people):
    browser = sign_in(people.editor)

    def queries():
        browser.get("/notifications/")
        with CaptureQueriesContext(connection) as captured:
            browser.get("/notifications/")
        return len(captured)

    tell([people.editor], about="check:0#1")
    one = queries()
    for n in range(1, 60):
        tell([people.editor], about=f"check:{n % 20}#{n}")
    assert queries() == one


def test_older_groups_are_on_the_next_page(sign_in, people):
    for n in range(30):
        tell([people.editor], about=f"check:{n}", title=f"Number {n}")
    browser = sign_in(people.editor)
    assert 'href="?page=2"' in browser.get("/notifications/").content.decode()
    assert [each.newest.title for each in browser.get("/notifications/?page=2").context["groups"]] == [
        f"Number {n}" for n in range(4, -1, -1)
    ]


def test_opening_a_notification_leads_to_its_record_and_reads_it(sign_in, people):
    tell([people.editor])
    notification = Notification.objects.get()
    browser = sign_in(people.editor)
    ahead = browser.get(f"/notifications/{notification.pk}/", headers={"Sec-Purpose": "prefetch"})
    assert ahead.url == CHECKOUT
    notification.refresh_from_db()
    assert notification.read_at is None
    assert browser.get(f"/notifications/{notification.pk}/").url == CHECKOUT
    notification.refresh_from_db()
    assert notification.read_at is not None


def test_nobody_opens_or_reads_the_notifications_of_another(sign_in, people):
    tell([people.editor])
    notification = Notification.objects.get()
    browser = sign_in(people.administrator)
    assert browser.get(f"/notifications/{notification.pk}/").status_code == 404
    browser.post("/notifications/read/", {"about": notification.about})
    notification.refresh_from_db()
    assert notification.read_at is None
    assert "Front page is down" not in browser.get("/notifications/").content.decode()


def test_marking_one_record_as_read_leaves_the_others_and_the_page_one_was_on(sign_in, people):
    tell([people.editor], about="check:1#1")
    tell([people.editor], about="check:1#2")
    tell([people.editor], about="check:2#1")
    response = sign_in(people.editor).post("/notifications/read/", {"about": "check:1", "back": "show=unread&page=2"})
    assert response.url == "/notifications/?show=unread&page=2"
    assert list(Notification.objects.unread().values_list("about", flat=True)) == ["check:2"]


def test_unread_leaves_out_records_of_which_everything_is_read(sign_in, people):
    tell([people.editor], about="check:1")
    actions.mark_read(user=people.editor)
    tell([people.editor], about="check:2")
    browser = sign_in(people.editor)
    assert [each.newest.about for each in browser.get("/notifications/?show=unread").context["groups"]] == ["check:2"]
    assert len(browser.get("/notifications/").context["groups"]) == 2


def test_an_empty_inbox_says_what_one_will_be_told(sign_in, people):
    page = sign_in(people.stranger).get("/notifications/").content.decode()
    assert "Nothing has been told to you yet" in page
    for kind in kinds():
        assert kind.when in page
    assert "You have read everything" in sign_in(people.stranger).get("/notifications/?show=unread").content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("show=unraed", "show=unraed: write show=unread"),
        ("page=zzz", "page=zzz: expected a whole number from 1."),
        ("page=0", "page=0: expected a whole number from 1."),
        ("foo=1", "“foo” is not known here. This page takes show, about, page."),
    ],
)
def test_an_inbox_refuses_what_it_does_not_know(sign_in, people, query, words):
    response = sign_in(people.editor).get(f"/notifications/?{query}")
    assert response.status_code == 400
    assert words in response.content.decode()


def test_unread_about_one_record_is_both(sign_in, people):
    tell([people.editor], about="check:1")
    actions.mark_read(user=people.editor)
    browser = sign_in(people.editor)
    assert len(browser.get("/notifications/?about=check:1").context["groups"]) == 1
    page = browser.get("/notifications/?about=check:1&show=unread").content.decode()
    assert "You have read everything about this" in page


def test_whoever_was_told_nothing_about_a_record_is_not_said_to_have_been_told_nothing(sign_in, people):
    tell([people.editor], about="check:1")
    page = sign_in(people.editor).get("/notifications/?about=limit:999").content.decode()
    assert "You have been told nothing about this" in page
    assert "limit:999" in page
    assert "Nothing has been told to you yet" not in page


# What one wants to be told


def boxes(page, name):
    return re.search(rf'name="{name}"([^>]*)>', page)[1].strip() == "checked"


def test_a_channel_that_is_switched_off_for_a_kind_is_not_used_for_it(sign_in, people):
    browser = sign_in(people.editor)
    every = {f"{kind.slug}:{channel}" for kind in kinds() for channel in ("portal", "email", "chat")}
    kept = every - {"check:email", "limit:portal"}
    assert browser.post("/profile/notifications/", dict.fromkeys(kept, "on")).url == "/profile/#notifications"
    page = browser.get("/profile/").content.decode()
    assert {name for name in every if boxes(page, name)} == kept
    tell([people.editor, people.reader], about="a")
    tell([people.editor], about="b", kind="limit")
    assert sorted(Notification.objects.values_list("user__email", "kind")) == [
        ("editor@larkspur.example", "check"),
        ("reader@larkspur.example", "check"),
    ]
    assert sorted(OutboxMessage.objects.values_list("recipient", "kind")) == [
        ("editor@larkspur.example", "limit"),
        ("reader@larkspur.example", "check"),
    ]


def test_stop_these_ends_one_kind_everywhere_and_says_where_to_turn_it_on(sign_in, people):
    factories.make_webhook(people.editor.person, "mine")
    response = sign_in(people.editor).post("/notifications/stop/", {"kind": "check"}, follow=True)
    assert "Profile, Notifications turns it on again" in response.content.decode()
    tell([people.editor], about="a")
    assert not Notification.objects.exists()
    assert not OutboxMessage.objects.exists()
    tell([people.editor], about="b", kind="limit")
    assert (Notification.objects.count(), OutboxMessage.objects.count()) == (1, 2)


def test_stopping_a_kind_there_is_not_says_so(sign_in, people):
    response = sign_in(people.editor).post("/notifications/stop/", {"kind": "nonsense"}, follow=True)
    assert "There is no notification “nonsense”" in response.content.decode()


def test_a_webhook_of_ones_own_is_told_what_oneself_is(people):
    factories.make_webhook(people.editor.person, "mine")
    factories.make_webhook(people.reader.person, "another's")
    tell([people.editor])
    assert list(OutboxMessage.objects.filter(channel="chat").values_list("recipient", flat=True)) == ["mine"]


# Who may have a chat webhook


def test_a_member_makes_a_webhook_of_the_team_and_nobody_else_does(api, people):
    sent = {"name": "#alerts", "owner": "checkout", "shape": "slack", "url": "https://hooks.slack.example/s/secret"}
    assert api(people.reader).post("/api/v1/chat-webhooks/", sent, format="json").status_code == 422
    assert api(people.editor).post("/api/v1/chat-webhooks/", sent, format="json").status_code == 201
    own = {**sent, "owner": "user:default/reader"}
    assert api(people.reader).post("/api/v1/chat-webhooks/", own, format="json").status_code == 201
    webhook = ChatWebhook.objects.get(owner=people.team.reference)
    for holder, status in ((people.reader, 403), (people.editor, 200), (people.administrator, 200)):
        answer = api(holder).patch(f"/api/v1/chat-webhooks/{webhook.pk}/", {"shape": "teams"}, format="json",
                                   headers={"If-Match": "*"})  # fmt: skip
        assert answer.status_code == status, answer.json()


def test_the_address_of_a_webhook_is_seen_by_those_who_may_edit_it_only(sign_in, api, people):
    webhook = factories.make_webhook(people.team, "#alerts", url="https://hooks.slack.example/services/T0-secret")
    address = f"/chat-webhooks/{webhook.pk}/"
    actions.update_webhook(by=people.editor, record=webhook, values={"url": "https://hooks.slack.example/T1-secret"})
    for reader in (people.reader, people.editor):
        browser = sign_in(reader)
        for shown in ("/chat-webhooks/", address, f"{address}history/", "/search/?q=alerts",
                      "/chat-webhooks/?format=json", f"/api/v1{address}"):  # fmt: skip
            response = browser.get(shown)
            body = b"".join(response.streaming_content) if response.streaming else response.content
            assert b"secret" not in body, shown
    assert "T1-secret" in sign_in(people.editor).get(f"{address}edit/").content.decode()
    assert sign_in(people.reader).get(f"{address}edit/").status_code == 403


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hooks.slack.example/x", "begins with https://"),
        ("https://127.0.0.1/x", "own machine"),
        ("https://localhost:6379/x", "own machine"),
        ("https://169.254.169.254/latest/meta-data/", "a link-local address"),
        ("https://100.100.100.200/latest/meta-data/", "where a cloud hands out credentials"),
        ("https://[64:ff9b::a9fe:a9fe]/x", "a link-local address"),
        ("https://[2002:7f00:1::]/x", "own machine"),
        ("https://0.1.2.3/x", "own machine"),
        ("https://[::1]/x", "own machine"),
        ("https://[::ffff:127.0.0.1]/x", "own machine"),
        ("https://[fd00:ec2::254]/x", "where a cloud hands out credentials"),
        ("https://user:password@hooks.slack.example/x", "no complete address"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused_with_the_reason(api, people, url, reason):
    sent = {"name": "#alerts", "owner": "checkout", "url": url}
    answer = api(people.editor).post("/api/v1/chat-webhooks/", sent, format="json")
    assert answer.status_code == 422
    assert reason in answer.json()["fields"]["url"][0]


# Deliveries


def dead_letter(people, **values):
    tell([people.editor])
    OutboxMessage.objects.update(state="dead", attempts=16, last_error="The mail server refused it: 550 no", **values)
    return OutboxMessage.objects.get()


def test_an_administrator_finds_what_was_given_up_and_sends_it_again(sign_in, people):
    message = dead_letter(people)
    browser = sign_in(people.administrator)
    listed = browser.get("/deliveries/?state=dead").content.decode()
    assert "Front page is down" in listed
    assert "550 no" in listed
    assert "Send again" in browser.get(f"/deliveries/{message.pk}/").content.decode()
    assert browser.post(f"/deliveries/{message.pk}/-/again/").url == f"/deliveries/{message.pk}/"
    deliver()
    assert [sent.to for sent in mail.outbox] == [["editor@larkspur.example"]]
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == ("sent", 1, "")


def test_what_was_sent_is_not_sent_again(sign_in, people):
    tell([people.editor])
    deliver()
    message = OutboxMessage.objects.get()
    browser = sign_in(people.administrator)
    assert "Send again" not in browser.get(f"/deliveries/{message.pk}/").content.decode()
    page = browser.post(f"/deliveries/{message.pk}/-/again/", follow=True).content.decode()
    assert "It has been sent already" in page
    deliver()
    assert len(mail.outbox) == 1


def test_everything_that_was_given_up_is_sent_again_at_once(sign_in, people):
    for n in range(3):
        tell([people.editor], about=f"check:{n}")
    OutboxMessage.objects.update(state="dead")
    browser = sign_in(people.administrator)
    first = OutboxMessage.objects.first()
    assert "Send all 3 that were given up again" in browser.get(f"/deliveries/{first.pk}/").content.decode()
    page = browser.post("/deliveries/-/again/", follow=True).content.decode()
    assert "3 given up are sent again" in page
    deliver()
    assert len(mail.outbox) == 3


@pytest.mark.parametrize("who", ["stranger", "editor", "product_manager"])
def test_deliveries_are_for_administrators(sign_in, api, people, who):
    message = dead_letter(people)
    browser = sign_in(getattr(people, who))
    for address in ("/deliveries/", f"/deliveries/{message.pk}/", "/api/v1/deliveries/"):
        assert browser.get(address).status_code == 404
    assert browser.post("/deliveries/-/again/").status_code == 404
    message.refresh_from_db()
    assert message.state == "dead"
