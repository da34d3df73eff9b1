"""What readers are told when something does not fit: the portal's words, the field's name, nothing typed lost."""

import pytest
from django.core.exceptions import RequestDataTooBig

from portal.people.models import Membership
from portal.references.finding import find_reference
from portal.wording import reason_of
from services.models import Entity
from tests.factories import make_entity

pytestmark = pytest.mark.django_db
DJANGOS_WORDS = ("Select a valid choice", "Enter a valid", "This field", "Not a valid", "settings.")


def errors_of(response) -> dict[str, str]:
    return {name: texts[0] for name, texts in response.context["form"].errors.items()}


def test_a_form_says_in_the_portals_words_what_does_not_fit(sign_in, people):
    sent = {"name": "", "owner": "checkout", "lifecycle": "zzz", "tier": "high"}
    page = sign_in(people.editor).post("/services/-/new/", sent)
    assert errors_of(page) == {
        "name": "This is missing. Fill it in.",
        "lifecycle": "“zzz” is none of the choices. Choose one of the list.",
        "tier": "This is no whole number. Write it in digits, such as 12.",
    }
    page = sign_in(people.administrator).post("/teams/-/new/", {"name": "a", "on_call_url": "x y", "email": "zzz"})
    assert not any(words in page.content.decode() for words in DJANGOS_WORDS)
    assert "such as https://" in errors_of(page)["on_call_url"]
    assert "such as amara@example.com" in errors_of(page)["email"]


def test_the_api_says_in_the_portals_words_what_does_not_fit(api, people):
    sent = {"name": None, "owner": "checkout", "title": ["a"], "lifecycle": "zzz", "tier": "high", "tags": "a"}
    fields = api(people.editor).post("/api/v1/services/", sent, format="json").json()["fields"]
    assert fields["name"] == ["cannot be null. Send a value, or leave it out."]
    assert fields["title"] == ["is no text. Send a JSON string."]
    assert fields["lifecycle"] == ["“zzz” is none of the choices."]
    assert fields["tier"] == ["is no whole number."]
    assert fields["tags"] == ["is no list. Send a JSON array."]


def test_a_form_that_is_too_large_or_broke_off_is_told_without_names_of_settings(sign_in, people, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    page = sign_in(people.editor).post("/services/-/new/", "x=" + "y" * 200, "application/x-www-form-urlencoded")
    assert page.status_code == 400
    assert "larger than one form may be" in page.content.decode()
    assert "settings." not in page.content.decode()
    assert "settings." not in reason_of(RequestDataTooBig("Request body exceeded settings.X."))
    broken = sign_in(people.editor).post("/services/-/new/", "zzz", "multipart/form-data")
    assert "broke off or is garbled" in broken.content.decode()


def test_a_member_who_cannot_be_added_is_asked_for_again_with_what_was_typed(sign_in, people):
    page = sign_in(people.editor).post("/teams/checkout/-/members/", {"person": "nobody-like-this", "role": ""})
    assert page.status_code == 422
    assert set(errors_of(page)) == {"person", "role"}
    assert 'value="nobody-like-this"' in page.content.decode()
    assert not Membership.objects.filter(person__name="nobody-like-this").exists()


def test_kinds_are_named_as_people_write_them():
    with pytest.raises(Exception, match="There is no service, API or resource “zzz”"):
        find_reference("zzz", ("component", "api", "resource"))


def test_an_empty_list_says_so_in_words_that_fit(sign_in, people):
    client = sign_in(people.administrator)
    assert "No entity yet" in client.get("/entities/").content.decode()
    assert "No API yet" in client.get("/apis/").content.decode()


def test_who_hands_something_over_is_told_before_and_after_that_it_is_out_of_their_hands(api, sign_in, people):
    make_entity("gateway", owner=people.team)
    client = sign_in(people.editor)
    form = client.get("/services/gateway/edit/").context["form"]
    assert "others no longer" in form.fields["owner"].help_text
    sent = {name: form[name].value() or "" for name in form.fields} | {"owner": "payments"}
    page = client.post("/services/gateway/edit/", sent, follow=True).content.decode()
    assert "It is in other hands now" in page
    assert client.get("/services/gateway/edit/").status_code == 403
    refused = api(people.editor).patch(
        "/api/v1/services/gateway/", {"owner": "checkout"}, format="json", headers={"If-Match": "*"}
    )
    assert refused.status_code == 403
    assert Entity.objects.get().owner == people.other.reference


def test_whoever_may_not_try_a_password_again_is_told_when(client, people):
    sent = {"login": people.editor.email, "password": "wrong"}
    pages = [client.post("/accounts/login/", sent).content.decode() for _ in range(7)]
    assert "No login has this e-mail and this password." in pages[0]
    assert "Try again in five minutes." in pages[-1]


def test_help_leads_to_documents_that_can_be_read_in_the_portal(sign_in, people):
    client = sign_in(people.reader)
    page = client.get("/help/")
    for name in page.context["documents"]:
        assert f'href="/help/{name}/"' in page.content.decode()
        assert client.get(f"/help/{name}/").status_code == 200
    assert client.get("/help/settings/").status_code == 404
