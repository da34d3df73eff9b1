"""The documents for readers, as pages: what they say, and where their links lead."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from portal.collections import collections
from portal.documents import DOCUMENTS

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(sign_in, people):
    client = sign_in(people.reader)
    return lambda name: client.get(f"/help/{name}/").content.decode()


def test_a_document_is_a_page_with_headings_tables_and_code(page):
    grammar = page("query-grammar")
    assert "<h1>The query string of a list</h1>" in grammar
    assert re.search(r'<h2 id="[a-z-]+">', grammar)
    assert '<table class="gw-table">' in grammar
    assert "| --- |" not in grammar


def test_what_leads_to_another_document_leads_to_its_page_and_place(page):
    assert 'href="/help/query-grammar/"' in page("for-engineers")
    assert 'href="/help/for-engineers/#write-through-the-api"' in page("query-grammar")
    assert 'id="write-through-the-api"' in page("for-engineers")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_place_that_a_document_names_is_there(page, name):
    for target, anchor in re.findall(r'href="(?:/help/([a-z-]+)/)?#([^"]+)"', page(name).partition("<article")[2]):
        assert f'id="{anchor}"' in page(target or name), f"{name} leads to {target}#{anchor}"


def test_what_has_no_page_here_is_left_as_its_words(page):
    for name in DOCUMENTS:
        assert '.md"' not in page(name)


def test_html_in_a_document_is_shown_and_not_obeyed(page, settings, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "health.md").write_text("# Health\n\n<script>alert(1)</script> [x](javascript:alert(1))\n")
    settings.BASE_DIR = tmp_path
    article = page("health").partition("<article")[2].partition("</article>")[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in article
    assert "href" not in article


@pytest.mark.parametrize("name", ["openslo", "adding-a-provider"])
def test_what_the_document_on_health_leads_to_can_be_read_here(page, name):
    assert f'href="/help/{name}/"' in page("health")


@pytest.mark.skipif(not shutil.which("git"), reason="git, which applies the diff, is not on this machine.")
def test_the_diff_that_adds_a_record_type_applies_to_the_code_as_it_is():
    text = (PROJECT / "docs" / "adding-a-collection.md").read_text()
    (diff,) = re.findall(r"^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        ["git", "apply", "--check"], cwd=PROJECT, input=diff, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_query_grammar_names_every_list_that_is_in_no_search_index():
    text = " ".join((PROJECT / "docs" / "query-grammar.md").read_text().split())
    (named,) = re.findall(r"([^.`]*) are in no search index", text)
    names = set(re.split(", | and ", named.strip().lower()))
    for each in collections():
        assert (each.title.lower() in names) != each.is_searched, each.title


# Every app has these, and they say nothing of it.
OF_EVERY_APP = {"__init__.py", "apps.py", "asgi.py", "wsgi.py"}


@pytest.mark.parametrize("app", ["portal", "services", "services/health", "services/oncall", "incidents", "roadmap"])
def test_the_map_of_the_code_names_every_module(app):
    text = (PROJECT / "docs" / "architecture.md").read_text()
    (section,) = re.findall(rf"^## {app}(?::[^\n]*)?\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`([a-z_]+(?:\.py|/))`", section))
    modules = {each.name for each in (PROJECT / app).glob("*.py")} - OF_EVERY_APP
    folders = {f"{each.parent.name}/" for each in (PROJECT / app).glob("*/__init__.py")} - {"migrations/"}
    assert named == modules | folders
