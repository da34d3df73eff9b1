"""What a page shows to its reader: its text, its charts and the tables and files beside them."""

import csv
import html
import json
import re


def said(client, address: str, status: int = 200, **options) -> str:
    """The page, entities and hard spaces undone."""
    response = client.get(address, **options)
    assert response.status_code == status, address
    return html.unescape(response.content.decode()).replace("\u00a0", " ")


def in_words(client, address: str, **options) -> str:
    """The words of the page alone, one space between them."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said(client, address, **options)))


def rows(client, address: str) -> list[dict[str, str]]:
    """The lines of a CSV file."""
    response = client.get(address)
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(response.content.decode("utf-8-sig").splitlines()))


def drawn(page: str, name: str) -> dict:
    """What a chart of the page is drawn from."""
    found = re.search(rf'<script id="chart-{name}-data" type="application/json">(.*?)</script>', page)
    assert found, f"{name} is not drawn"
    return json.loads(found.group(1))


def table(page: str, name: str) -> list[list[str]]:
    """The cells of the table of a chart, row by row."""
    part = page.partition(f'id="chart-{name}-table"')[2].partition("</table>")[0].partition("<tbody>")[2]
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in part.split("</tr>"))
    return [[re.sub("<[^>]+>", "", cell) for cell in row] for row in cells if row]
