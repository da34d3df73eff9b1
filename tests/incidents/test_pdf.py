"""Reports as PDF: what Markdown says is in it, and nothing in a text is obeyed."""

import re

import pytest

from incidents.postmortems.pdf import Report, as_typst, pdf

TEXT = """
## What happened

It began at **13:52** with `pool: 10`, see [the chart](https://charts.example/1) and [this](javascript:alert(1)).

1. First
2. Second
   - inside

| When | What |
| --- | --- |
| 13:52 | Errors *rise* |
| 14:26 | Rolled back |

> Buyers: "my order hangs"

```
ERROR #panic("no") \\ "quoted"
```

#panic("obeyed") $ x $ @ref <label> // comment \\ [ ] { } _under_ ~ <script>alert(1)</script>
"""


def report(text: str = TEXT) -> Report:
    return Report("INC-412 Payments “hang” #1", "Published 19 Nov 2026, version 3", "INC-412 · version 3", text)


def test_a_report_becomes_a_pdf_with_its_words_in_it():
    made = pdf(report())
    assert made.startswith(b"%PDF-")
    assert len(made) > 5_000


def test_a_table_that_goes_on_has_its_head_on_each_page():
    assert 'table.header(repeat: true, [#strong[#"When";]],[#strong[#"What";]],)' in "".join(
        as_typst(report()).split("\n")
    )


def test_a_head_as_tall_as_a_page_is_set_once_and_leaves_room_for_the_rows():
    table = f"| {'word ' * 1000} | b |\n| --- | --- |\n" + "| 1 | 2 |\n" * 60
    pages = re.findall(rb"/Type\s*/Page\b", pdf(report(table)))
    assert len(pages) <= 4


def test_nothing_in_a_text_is_obeyed():
    """Each of these would end the compilation, read a file or change the page if it were typst."""
    for text in (
        '#panic("obeyed")',
        '#read("/etc/passwd")',
        '#include "/etc/passwd"',
        "$",
        "*[_",
        '"); #panic("x',
        '\\"); #panic("x',
        "]]]]) #panic()",
        "/* open",
        "`#panic()`",
        "![picture](/etc/passwd)",
        "\x00\x07\u202e",
    ):
        assert pdf(report(f"{text}\n\n# {text}\n\n- {text}\n\n| a |\n| --- |\n| {text} |\n")).startswith(b"%PDF-"), text
    assert 'link("javascript' not in as_typst(report())


@pytest.mark.parametrize("text", ["", "\n\n", "a" * 100_000, "- " * 60 + "deep", "> " * 40 + "deep"])
def test_texts_of_any_length_and_depth_are_written(text):
    assert pdf(report(text)).startswith(b"%PDF-")
