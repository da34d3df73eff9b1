"""A page in one state, and what is done on it before it is looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from tests.browser.world import World


@dataclass(frozen=True)
class Shown:
    """One page in one state: who sees it, where, and what is done there first."""

    name: str
    address: str | Callable[[World], str]
    reader: str = "administrator"
    status: int = 200
    act: Callable[[Page], object] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    broken_by: Exception | None = None

    def address_in(self, world: World) -> str:
        return self.address if isinstance(self.address, str) else self.address(world)


def press(*keys: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def opens(summary: str) -> Callable[[Page], None]:
    """Open the menu behind a button."""
    return lambda page: page.locator("summary", has_text=summary).first.click()


def sends(form: str, button: str = "", **values: str) -> Callable[[Page], None]:
    """Fill fields of a form and send it, by its last button unless another is named."""

    def act(page: Page) -> None:
        for name, value in values.items():
            page.locator(f"{form} [name={name}]").evaluate("(field, value) => { field.value = value; }", value)
        with page.expect_navigation():
            page.locator(button or f"{form} button:not([type=button], [formaction])").last.click()

    return act


def tries(page: Page) -> None:
    page.locator("[name=address]").fill("http://169.254.169.254/")
    page.get_by_role("button", name="Test").click()
    page.locator("#trial .gw-note").wait_for()


def asks_the_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("checkout")
    page.locator("#palette [role=option]").first.wait_for()


def opens_the_menu_of_a_phone(page: Page) -> None:
    page.evaluate("() => { location.hash = 'menu'; }")


def opens_the_user_menu(page: Page) -> None:
    page.locator(".gw-user summary").click()


def sends_without_the_name(page: Page) -> None:
    page.locator("button.btn-danger").evaluate("(button) => { button.disabled = false; }")
    with page.expect_navigation():
        page.locator("button.btn-danger").click()


def opens_the_tables(page: Page) -> None:
    """Every chart drawn, and read as a table too."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-chart]')].every((each) => 'drawn' in each.dataset)"
    )
    for button in page.locator("[data-chart-toggle]").all():
        button.click()
