"""What is refused before a view is asked, and what breaks in one, in the words of whoever asked: page, API or probe."""

import html
import io
import json
import logging
import logging.config

import pytest
from django.db import connection
from django.http import JsonResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from portal import urls
from portal.logs import logging_settings
from portal.rest import JSONRenderer
from services.models import Source
from tests.factories import make_entity

pytestmark = pytest.mark.django_db


def broken(request):
    raise RuntimeError("a fault of ours")


urlpatterns = [path("api/v1/broken/", broken, name="broken"), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


def test_a_fault_of_ours_is_json_under_the_api_and_has_a_number(sign_in, people, settings):
    settings.ROOT_URLCONF = __name__
    client = sign_in(people.reader)
    client.raise_request_exception = False
    answer = client.get("/api/v1/broken/")
    assert (answer.status_code, answer["Content-Type"]) == (500, JSONRenderer.media_type)
    assert "Tell whoever runs it this number: " in answer.json()["error"]
    assert "a fault of ours" not in answer.content.decode()


def test_machines_are_told_in_json_at_the_hooks_as_under_the_api(people):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    many = "&".join(f"a{n}=1" for n in range(1001))
    for answer, status, told in (
        (client.post("/hooks/metric/", "{}", content_type="application/json"), 404, "There is no hook /hooks/metric/."),
        (client.put("/hooks/heartbeat/abc/"), 405, "PUT is not taken here. What is: GET, HEAD, POST."),
        (client.get(f"/hooks/nothing?{many}"), 404, "There is no hook /hooks/nothing."),
        (client.post("/hooks/metrics/", headers={"Host": "evil.example"}), 400, "Invalid HTTP_HOST"),
    ):
        assert (answer.status_code, answer["Content-Type"]) == (status, JsonResponse({})["Content-Type"])
        assert told in answer.json()["error"]


def test_too_many_parameters_are_refused_as_json_under_the_api(api, people):
    answer = api(people.reader).get("/api/v1/services/?" + "&".join(f"a{n}=1" for n in range(1001)))
    assert (answer.status_code, answer["Content-Type"]) == (400, JSONRenderer.media_type)
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(("logger", "more"), [
    ("django.security.TooManyFieldsSent", {}), ("django.request", {"status_code": 403}),
])  # fmt: skip
def test_what_somebody_asked_wrongly_is_one_warning_in_the_log_without_a_traceback(logger, more):
    lines = io.StringIO()
    config = logging_settings(readable=False, level="INFO")
    handler = {**config["handlers"]["terminal"], "stream": lines}
    config["loggers"] = {logger: {"handlers": ["terminal"], "propagate": False}}
    root = logging.root.handlers[:], logging.root.level
    try:
        logging.config.dictConfig({**config, "handlers": {"terminal": handler}, "root": {"handlers": []}})
        try:
            raise ValueError("too many")
        except ValueError as problem:
            logging.getLogger(logger).error(str(problem), exc_info=problem, extra=more)
    finally:
        logging.root.handlers[:], logging.root.level = root
    [line] = lines.getvalue().splitlines()
    assert json.loads(line)["level"] == "warning"
    assert "Traceback" not in line


def test_health_is_asked_without_a_session_even_when_a_cookie_comes_along(people, django_assert_num_queries):
    client = Client()
    client.force_login(people.reader, backend="portal.people.backends.PersonBackend")
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/readyz").status_code == 200
    assert not [each["sql"] for each in asked if "session" in each["sql"] or "people_user" in each["sql"]]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("/users/{user}/delete/", "here. A login is closed instead"),
        ("/service-accounts/{machine}/delete/", "Nobody may delete deploy-pipeline here. It is closed instead"),
        ("/sources/{source}/delete/", "Whoever runs the portal takes one out with: manage.py catalog remove NAME."),
        ("/sources/{source}/edit/", "Nobody may edit repos here."),
        ("/teams/checkout/delete/", "A team is closed instead"),
    ],
)
def test_a_refusal_to_an_administrator_gives_the_true_reason_and_what_to_do_instead(sign_in, people, address, why):
    source = Source.objects.create(name="repos")
    keys = {"user": people.administrator.pk, "machine": people.service_account.pk, "source": source.pk}
    response = sign_in(people.administrator).get(address.format(**keys))
    page = html.unescape(response.content.decode())
    assert response.status_code == 403
    assert why in page
    assert "another team" not in page


def test_who_is_in_another_team_is_told_so(sign_in, people):
    make_entity("checkout-api", owner=people.team)
    page = html.unescape(sign_in(people.reader).get("/services/checkout-api/delete/").content.decode())
    assert "You may not delete checkout-api: it belongs to another team. Whoever owns it is named on its page" in page
    assert "another team" not in sign_in(people.reader).get("/teams/checkout/edit/").content.decode()


def test_a_login_without_a_password_is_not_told_that_its_role_is_in_the_way(sign_in, people):
    people.reader.set_unusable_password()
    people.reader.save()
    response = sign_in(people.reader).get("/accounts/reauthenticate/")
    assert response.status_code == 403
    assert "Your login has no password that could be asked for." in response.content.decode()
