"""What is refused before a view is asked, and what breaks in one, in the words of whoever asked: page, API or probe."""

import io
import json
import logging
import logging.config

import pytest
from django.db import connection
from django.test import Client
from django.urls import path

from portal import urls
from portal.logs import logging_settings
from portal.rest import JSONRenderer

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


def test_too_many_parameters_are_refused_as_json_under_the_api(api, people):
    answer = api(people.reader).get("/api/v1/services/?" + "&".join(f"a{n}=1" for n in range(1001)))
    assert (answer.status_code, answer["Content-Type"]) == (400, JSONRenderer.media_type)
    assert list(answer.json()) == ["error"]


def test_what_somebody_asked_wrongly_is_one_warning_in_the_log_without_a_traceback():
    lines = io.StringIO()
    config = logging_settings(readable=False, level="INFO")
    handler = {**config["handlers"]["terminal"], "stream": lines}
    config["loggers"] = {"django.security": {"handlers": ["terminal"], "propagate": False}}
    root = logging.root.handlers[:], logging.root.level
    try:
        logging.config.dictConfig({**config, "handlers": {"terminal": handler}, "root": {"handlers": []}})
        try:
            raise ValueError("too many")
        except ValueError as problem:
            logging.getLogger("django.security.TooManyFieldsSent").error(str(problem), exc_info=problem)
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
    with django_assert_num_queries(1):
        assert client.get("/readyz").status_code == 200
