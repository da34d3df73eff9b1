"""What the portal says when something is wrong: with the address, with the form, with itself, with its servers."""

import html
import re
import socket
from collections.abc import Iterator

import psycopg
import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from portal import panels, urls
from portal.panels import panel
from services.models import Entity
from tests.factories import make_entity

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours")


# The portal's addresses with one that is broken, for the tests that ask for them.
urlpatterns = [path("broken/", broken, name="broken"), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


def text_of(response: HttpResponse) -> str:
    return html.unescape(response.content.decode())


# Addresses


def test_an_address_that_is_not_there_suggests_what_is_near(sign_in, people):
    make_entity("checkout-api")
    response = sign_in(people.reader).get("/services/checkout-ap/")
    assert response.status_code == 404
    assert "/services/checkout-api/" in text_of(response)


def test_an_address_with_a_slip_of_the_hand_suggests_what_was_meant(sign_in, people):
    make_entity("checkout-api")
    make_entity("ledger")
    for slip in ("chekout-api", "checkuot-api", "checkoutapi", "heckout-apis"):
        page = text_of(sign_in(people.reader).get(f"/services/{slip}/"))
        assert "/services/checkout-api/" in page, slip
        assert "/services/ledger/" not in page, slip


@pytest.mark.parametrize(
    "address",
    ["/zebras/", "/services/none/", "/services/a:b:c:d/", "/services/%00/", "/services/%00/edit/", "/services/::/",
     "/documents/9999999999999999999999/", "/documents/x/", "/services/../../etc/passwd", "/services/%2e%2e/",
     "/services/" + "x" * 2000 + "/", "/zebras/%00/", "/entities/%00:a:b/", "/services/a%00/history/",
     "/people/%F0%9F%98%80/", "/services/none/-/", "/catalog/take/99999999999999999999/",
     "/teams/%00/-/members/", "/help/x/y/z/w/v/"],
)  # fmt: skip
def test_whatever_is_asked_for_is_a_404_and_no_fault(sign_in, people, address):
    client = sign_in(people.reader)
    client.raise_request_exception = False
    assert client.get(address, follow=True).status_code in {404, 405}


def test_who_is_not_signed_in_learns_nothing_of_what_there_is(client, people):
    make_entity("checkout-api")
    there, not_there = client.get("/services/checkout-api/"), client.get("/services/nothing/")
    assert (there.status_code, not_there.status_code) == (302, 302)


def test_the_page_of_a_refusal_says_why(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    response = sign_in(people.reader).get("/services/checkout-api/edit/")
    assert response.status_code == 403
    assert "You may not edit checkout-api: it belongs to another team." in text_of(response)


def test_an_unknown_host_is_refused(people):
    response = Client(headers={"Host": "evil.example"}).get("/accounts/login/")
    assert response.status_code == 400
    assert "<h1>" in text_of(response)


# Faults of ours


def test_a_fault_is_a_page_with_an_id_and_without_its_text(sign_in, people, settings):
    settings.ROOT_URLCONF = __name__
    client = sign_in(people.reader)
    client.raise_request_exception = False
    response = client.get("/broken/")
    assert response.status_code == 500
    assert re.search(r"[0-9a-f]{12}", text_of(response))
    assert "a fault of ours" not in text_of(response)
    assert "Traceback" not in text_of(response)


@pytest.fixture
def broken_panel() -> Iterator[None]:
    @panel(on=Entity, slot="main", order=1, title="Broken on purpose", template="services/_facts.html")
    def broken_on_purpose(request: HttpRequest, entity: Entity) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    yield
    panels._panels[:] = [each for each in panels._panels if each.title != "Broken on purpose"]


@pytest.mark.django_db(transaction=True)
def test_a_broken_panel_leaves_the_rest_of_the_page_standing(sign_in, people, broken_panel):
    make_entity("checkout-api", owner=people.team)
    response = sign_in(people.reader).get("/services/checkout-api/")
    assert response.status_code == 200
    page = text_of(response)
    assert "Broken on purpose" in page
    assert page.count("could not be shown") == 1
    assert "Needed by" in page
    assert "/teams/checkout/" in page


@pytest.fixture
def slow_panel() -> Iterator[None]:
    @panel(on=Entity, slot="main", order=1, title="Slow", template="services/_facts.html", lazy=True)
    def slow(request: HttpRequest, entity: Entity) -> dict[str, object]:
        return {"facts": []}

    yield
    panels._panels[:] = [each for each in panels._panels if each.title != "Slow"]


def test_a_panel_that_loads_by_itself_is_a_link_to_a_whole_page_without_javascript(sign_in, people, slow_panel):
    make_entity("checkout-api")
    client, address = sign_in(people.reader), "/services/checkout-api/panels/servicesentity-slow/"
    page = text_of(client.get("/services/checkout-api/"))
    assert f'hx-get="{address}"' in page
    assert f'<a href="{address}">Show slow</a>' in page
    alone = text_of(client.get(address))
    assert '<h1 class="gw-break"><bdi>checkout-api</bdi></h1>' in alone
    assert '<h2 id="servicesentity-slow-title">Slow</h2>' in alone
    part = text_of(client.get(address, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<section class="gw-panel" id="servicesentity-slow"')


# Servers that are gone


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def impatient(people) -> Client:
    """Somebody who is signed in, and whose browser gets the page of a fault instead of its exception."""
    client = Client(raise_request_exception=False)
    client.force_login(people.reader, backend="portal.people.backends.PersonBackend")
    return client


@pytest.fixture
def no_database() -> Iterator[None]:
    """The database at an address where nobody listens."""
    right = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["HOST"], connection.settings_dict["PORT"] = "127.0.0.1", str(_closed_port())
    yield
    connection.close()
    connection.settings_dict["HOST"], connection.settings_dict["PORT"] = right


@pytest.mark.django_db(transaction=True)
def test_without_its_database_the_portal_says_so_and_comes_back_by_itself(impatient, request):
    assert impatient.get("/services/").status_code == 200
    cache.clear()  # sessions are kept in both servers
    right = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    request.getfixturevalue("no_database")
    for address in ("/", "/services/", "/services/x/", "/search/?q=x", "/api/v1/services/", "/readyz"):
        response = impatient.get(address)
        assert response.status_code == 503, address
        assert "The database does not answer. Nothing you saved is lost." in text_of(response), address
        assert response["Retry-After"] == "5"
    assert Client().get("/healthz").status_code == 200  # a probe has no session
    assert impatient.get("/api/v1/services/").json()["error"].startswith("The database does not answer.")
    connection.close()
    connection.settings_dict["HOST"], connection.settings_dict["PORT"] = right
    assert impatient.get("/services/").status_code == 200
    answer = impatient.get("/readyz").json()
    assert (answer["database"], answer["cache"]) == ("ok", "ok")


def test_without_its_cache_the_portal_says_so_and_comes_back_by_itself(impatient, settings):
    right = settings.CACHES
    settings.CACHES = {"default": {**right["default"], "LOCATION": f"redis://127.0.0.1:{_closed_port()}/0"}}
    for address in ("/", "/services/", "/readyz"):
        response = impatient.get(address)
        assert response.status_code == 503, address
        assert "The cache and queue server does not answer." in text_of(response), address
    assert Client().get("/healthz").status_code == 200  # a probe has no session
    settings.CACHES = right
    assert impatient.get("/services/").status_code == 200
    answer = impatient.get("/readyz").json()
    assert (answer["database"], answer["cache"]) == ("ok", "ok")


# What the database could not do though it is there


@pytest.fixture
def failing(monkeypatch, impatient):
    """Let every list fail as the database would with this code of PostgreSQL, and ask for one."""

    def asked(code: str, address: str = "/services/") -> HttpResponse:
        def fail(*args: object) -> None:
            raise OperationalError("it failed") from psycopg.errors.lookup(code)("it failed")

        monkeypatch.setattr("portal.query.Query.rows", fail)
        return impatient.get(address)

    return asked


@pytest.mark.parametrize("code", ["57014", "53100", "53200"])
def test_a_database_that_is_there_and_could_not_is_a_fault_and_not_called_gone(failing, code):
    for address in ("/services/", "/api/v1/services/"):
        response = failing(code, address)
        assert response.status_code == 500
        assert "does not answer" not in text_of(response)


@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_of_two_writes_in_each_others_way_the_one_that_was_undone_is_to_be_sent_again(failing, code):
    for address in ("/services/", "/api/v1/services/"):
        response = failing(code, address)
        assert response.status_code == 409
        assert "nothing of yours was saved. Send it again." in text_of(response)


@pytest.mark.parametrize("code", ["08006", "57P01", "57P03"])
def test_a_database_that_goes_down_is_called_gone(failing, code):
    response = failing(code)
    assert response.status_code == 503
    assert "The database does not answer." in text_of(response)


@pytest.fixture
def losing_panel() -> Iterator[None]:
    @panel(on=Entity, slot="main", order=1, title="Losing", template="services/_facts.html")
    def losing(request: HttpRequest, entity: Entity) -> None:
        connection.connection.close()
        connection.cursor().execute("SELECT 1")

    yield
    panels._panels[:] = [each for each in panels._panels if each.title != "Losing"]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_panel_that_loses_the_database_is_the_page_of_that_and_not_a_broken_panel(impatient, losing_panel):
    make_entity("checkout-api")
    response = impatient.get("/services/checkout-api/")
    assert response.status_code == 503
    assert "The database does not answer." in text_of(response)


# What every answer carries


def test_every_page_forbids_what_it_does_not_need(sign_in, people):
    make_entity("checkout-api")
    client = sign_in(people.reader)
    for address in ("/", "/services/", "/services/checkout-api/", "/zebras/", "/accounts/logout/"):
        response = client.get(address)
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "img-src 'self' data:" in policy
        assert "unsafe" not in policy
        assert response["X-Frame-Options"] == "DENY"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"


def test_no_page_has_script_or_style_in_it(sign_in, people):
    make_entity("checkout-api", owner=people.team, title="</script><script>alert(1)</script>")
    client = sign_in(people.administrator)
    for address in (
        "/",
        "/services/",
        "/services/checkout-api/",
        "/services/checkout-api/edit/",
        "/profile/",
        "/help/",
    ):
        page = client.get(address).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*[^<\s]", page), address
        assert not re.search(r"<style|\son[a-z]+=\"|\sstyle=\"|javascript:", page), address
        assert "<script>alert" not in page


def test_cookies_are_kept_from_scripts_and_other_sites(client, people):
    client.post("/accounts/login/", {"login": people.reader.email, "password": "correct horse"})
    session = client.cookies["sessionid"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
