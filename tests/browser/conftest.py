"""A real Chromium before a real server: what each browser test starts from.

``visit`` opens a browser of its own for a reader. Whatever it shows, a test fails at its end when the browser
complained: about an error in a script, about the content security policy, or about a file that is missing.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection, connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from portal.people.models import User
from tests.browser.chromium import LAUNCH_ARGUMENTS, require_chromium
from tests.browser.world import World, make_world, session_of
from tests.emptying import empty_partitions

# Generous, because the machine may be busy; a test that passes never waits for it.
PATIENCE_MS = 30_000
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# What the browser and htmx say of an answer that was no success; those are judged by their status.
SAID_OF_ANSWERS = ("Failed to load resource", "Response Status Error Code")
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    """One Chromium for the tests of a module. It ends before the server, which waits for its connections."""
    program = require_chromium()
    with _django_beside_an_event_loop(), sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=LAUNCH_ARGUMENTS)
        expect.set_options(timeout=PATIENCE_MS)
        yield launched
        launched.close()
        # Beside the loop Django has connections of its own, which nobody else closes.
        connections.close_all()


@contextlib.contextmanager
def _django_beside_an_event_loop() -> Iterator[None]:
    """Playwright runs a loop in this thread, in which Django would refuse to ask its database."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class JoiningServer(ThreadedWSGIServer):
    """Waits for its threads at the end, so that their connections to the database are closed when it is dropped."""

    daemon_threads = False


@pytest.fixture(scope="module")
def address(django_db_setup: None) -> Iterator[str]:
    """Where the portal answers, with the database of the tests."""
    server = LiveServerThread("127.0.0.1", static_handler=StaticFilesHandler)
    server.server_class = JoiningServer
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://{server.host}:{server.port}"
    server.terminate()


@dataclass
class Complaints:
    """What the browser complained about. ``awaited`` are statuses that a test brings about on purpose."""

    found: list[str] = field(default_factory=list)
    awaited: set[int] = field(default_factory=set)

    def watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        page.on("response", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(SAID_OF_ANSWERS):
            self.found.append(f"{message.location['url']}: {message.text}")

    def _see(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.awaited:
            self.found.append(f"{response.url} answered {response.status}")


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def visit(address: str, browser: Browser, complaints: Complaints) -> Iterator[Visit]:
    """Open an empty page of a fresh browser, signed in as ``reader`` unless that is None."""
    opened: list[BrowserContext] = []

    def open_page(reader: User | None, **options: Any) -> Page:
        context = new_context(browser, address, session_of(reader) if reader else "", **options)
        opened.append(context)
        page = context.new_page()
        complaints.watch(page)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert not complaints.found, "\n".join(complaints.found)


def new_context(browser: Browser, address: str, session: str, **options: Any) -> BrowserContext:
    """A browser of its own for a session; for nobody if that is empty."""
    settings = {"base_url": address, "viewport": DESKTOP, "reduced_motion": "reduce", **options}
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_MS)
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
    return context


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Records for tests that only look; made once for a module and gone after it."""
    with django_db_blocker.unblock():
        assert connection.settings_dict["NAME"].startswith("test_"), "Mark the tests of this module with django_db."
        yield make_world()
        call_command("flush", verbosity=0, interactive=False)
        empty_partitions()
