"""The documents for readers, as pages: what they say, and where their links lead."""

import re

import pytest

from portal.documents import DOCUMENTS

pytestmark = pytest.mark.django_db


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
