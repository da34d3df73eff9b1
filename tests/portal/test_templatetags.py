"""Template tags: what they draw, and that whatever people typed stays text."""

import datetime as dt
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template
from django.utils import timezone

from portal import icons
from portal.templatetags import lists
from portal.templatetags import portal as tags

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def built(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A front end that has been built, with two files."""
    (tmp_path / "manifest.json").write_text('{"icons.svg": "icons-0A1B2C3D.svg", "portal.css": "portal-ABCDEFGH.css"}')
    monkeypatch.setattr(icons, "DIST", tmp_path)
    return tmp_path


def render(source: str, **context: Any) -> str:
    return Template(source).render(Context(context)).strip()


def test_bundle_gives_the_hashed_address(built: Any) -> None:
    assert render('{% bundle "portal.css" %}') == "/static/dist/portal-ABCDEFGH.css"


def test_bundle_reads_a_new_build_while_developing(built: Any, settings: Any) -> None:
    tags.bundle("portal.css")
    (built / "manifest.json").write_text('{"portal.css": "portal-ZZZZZZZZ.css"}')
    assert tags.bundle("portal.css").endswith("portal-ABCDEFGH.css")
    settings.DEBUG = True
    assert tags.bundle("portal.css").endswith("portal-ZZZZZZZZ.css")


def test_bundle_names_the_files_there_are(built: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"no file “prtal.css”\. It has: icons\.svg, portal\.css"):
        tags.bundle("prtal.css")


def test_bundle_says_how_to_build(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icons, "DIST", tmp_path / "missing")
    with pytest.raises(ImproperlyConfigured, match=r"npm ci && node assets/build\.mjs"):
        tags.bundle("portal.css")


def test_icon_is_hidden_from_screen_readers(built: Any) -> None:
    expected = '<svg class="icon" aria-hidden="true"><use href="/static/dist/icons-0A1B2C3D.svg#i-edit"/></svg>'
    assert render('{% icon "edit" %}') == expected


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (dt.timedelta(seconds=20), "just now"),
        (dt.timedelta(minutes=49), "49 min ago"),
        (dt.timedelta(days=3), "3 days ago"),
    ],
)
def test_when_is_relative_up_to_seven_days(ago: dt.timedelta, said: str) -> None:
    moment = timezone.now() - ago
    html = render("{% when moment %}", moment=moment)
    assert html.startswith(f'<time datetime="{moment.isoformat()}" title="')
    assert html.endswith(f">{said}</time>")


def test_when_beyond_seven_days_is_the_date() -> None:
    moment = dt.datetime(2026, 11, 3, 10, 12, tzinfo=dt.UTC)
    assert ">3 Nov 2026</time>" in render("{% when moment %}", moment=moment)


def test_when_of_a_day_and_of_nothing() -> None:
    assert tags.when(dt.date(2026, 11, 9)) == '<time datetime="2026-11-09">9 Nov 2026</time>'
    assert tags.when(None) == '<span class="gw-muted">not set</span>'


def test_avatar_of_a_person_and_of_a_team() -> None:
    assert tags.avatar("Amara Diallo") == '<span class="gw-av" aria-hidden="true">AD</span>'
    assert 'data-t="team"' in tags.avatar("Core Platform", "team")


def test_who_escapes_the_name() -> None:
    assert SCRIPT not in tags.who(SCRIPT, "/people/x/")


def test_status_is_icon_and_word(built: Any) -> None:
    html = tags.status("warn", "Degraded")
    assert 'data-s="warn"' in html
    assert "#i-alert-triangle" in html
    assert "Degraded" in html


def test_status_refuses_an_unknown_state() -> None:
    with pytest.raises(ValueError, match=r"no status “red”\. Use one of ok, warn, bad, info, plan, idle"):
        tags.status("red", "Failing")


def test_navigation_marks_the_current_page(built: Any) -> None:
    items = [
        {"label": "My work", "url": "/", "icon": "inbox", "current": False},
        {"label": "<Services>", "url": "/services/", "icon": "stack-2", "current": True, "count": "1,000+"},
    ]
    html = tags.navigation_items(items)
    assert html.count('aria-current="page"') == 1
    assert '<a href="/services/" aria-current="page">' in html
    assert '&lt;Services&gt;<span class="gw-count" data-s="">1,000+</span>' in html


class ExampleForm(forms.Form):
    email = forms.EmailField(help_text="Where to write.")
    agreed = forms.BooleanField(required=False)


def test_control_looks_like_ours_and_keeps_its_help() -> None:
    form = ExampleForm()
    html = tags.control(form["email"], autocomplete="email")
    assert 'class="gw-field"' in html
    assert 'autocomplete="email"' in html
    assert 'aria-describedby="id_email_helptext"' in html
    assert 'class="form-check-input"' in tags.control(form["agreed"])


def test_control_says_in_words_that_nothing_is_chosen() -> None:
    class Choice(forms.Form):
        tier = forms.ChoiceField(choices=[("", "---------"), ("0", "Tier 0")])

    assert '<option value="" selected>not set</option>' in tags.control(Choice()["tier"])


def test_form_fields_tie_the_error_to_the_field(built: Any) -> None:
    html = render('{% include "portal/_form_fields.html" %}', form=ExampleForm({"email": "nobody"}))
    assert 'aria-invalid="true"' in html
    assert 'id="id_email_error"' in html
    assert "id_email_error" in html.partition('aria-describedby="')[2][:60]


COLUMNS = [{"label": "Name"}, {"label": "Owner"}, {"label": "Tier", "numeric": True}, {"label": "System", "low": True}]


def test_rows_name_the_record_first_and_fold_on_a_phone() -> None:
    html = lists.list_rows(COLUMNS, [{"url": "/services/a/", "cells": ["a", "Checkout", "1", "Buying"]}])
    assert html == (
        '<tr><th scope="row"><a href="/services/a/">a</a><td class="r">Checkout'
        '<td class="n" data-label="Tier">1<td class="gw-lo">Buying</tr>'
    )


def test_rows_say_on_a_phone_what_a_bare_value_is_of() -> None:
    columns = [{"label": "Name"}, *({"label": label, "bare": True} for label in ("First day", "Last day")),
               {"label": "Closed", "bare": True, "low": True}]  # fmt: skip
    html = lists.list_rows(columns, [{"url": "/cycles/1/", "cells": ["Q1", "1 Jan", "31 Mar", "no"]}])
    assert '<td class="r" data-label="First day">1 Jan<td data-label="Last day">31 Mar<td class="gw-lo">no' in html


def test_rows_link_the_name_wherever_it_stands() -> None:
    columns = [{"name": "owner", "label": "Owner"}, {"name": "name", "label": "Name"}]
    html = lists.list_rows(columns, [{"url": "/services/a/", "cells": ["Checkout", "a"]}])
    assert '<td class="r">Checkout<th scope="row"><a href="/services/a/">a</a>' in html


def test_rows_escape_what_is_not_safe_html() -> None:
    assert SCRIPT not in lists.list_rows(COLUMNS[:2], [{"url": "/x/", "cells": [SCRIPT, SCRIPT]}])


def test_heading_sorts_and_says_how() -> None:
    column = {"name": "tier", "label": "Tier", "sort_url": "?sort=-tier", "aria_sort": "ascending", "numeric": True}
    html = lists.list_heading(column)
    assert html.startswith('<th scope="col" class="n" aria-sort="ascending"><a href="?sort=-tier" hx-get="?sort=-tier"')
    assert lists.list_heading({"label": "<Tags>"}) == '<th scope="col">&lt;Tags&gt;</th>'


def test_hidden_inputs_leave_out_and_escape() -> None:
    html = lists.hidden_inputs([("tier", '"><b>'), ("q", "orders")], leave_out="q", form="find")
    assert html == '<input type="hidden" form="find" name="tier" value="&quot;&gt;&lt;b&gt;">'


EDIT = {
    "field": "tier",
    "label": "Tier",
    "operators": [
        {"value": "", "label": "is any of", "selected": True},
        {"value": "not", "label": "is none of", "selected": False},
    ],
    "choices": None,
    "input_type": "text",
    "input_value": SCRIPT,
}


def test_filter_editor_with_an_input() -> None:
    html = lists.filter_editor("/services/", EDIT, lists.hidden_inputs([("sort", "name")]))
    assert '<input type="hidden" name="filter.field" value="tier">' in html
    assert '<option value="" selected>is any of</option>' in html
    assert 'name="sort" value="name"' in html
    assert SCRIPT not in html


def test_filter_editor_with_choices() -> None:
    choices = [
        {"value": "0", "label": "Tier 0", "selected": True},
        {"value": "1", "label": "Tier 1", "selected": False},
    ]
    html = lists.filter_editor("/services/", {**EDIT, "choices": choices}, lists.hidden_inputs([]))
    assert html.count('type="checkbox"') == 2
    assert html.count(" checked") == 1
    assert '<legend class="visually-hidden">Tier</legend>' in html


def test_filter_menu_folds_each_filter() -> None:
    html = lists.filter_menu(
        "/services/", [EDIT, {**EDIT, "field": "owner", "label": "Owner"}], lists.hidden_inputs([])
    )
    assert html.count('<details class="gw-fold" name="add"><summary>') == 2
    assert 'value="owner"' in html


def test_column_boxes_are_ticked_where_shown() -> None:
    columns = [{"name": "tier", "label": "Tier", "shown": True}, {"name": "type", "label": "Type", "shown": False}]
    html = lists.column_boxes(columns)
    assert 'value="tier" checked>Tier' in html
    assert 'value="type">Type' in html
