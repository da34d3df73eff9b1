"""YAML as the descriptor format reads it: version 1.2, bounded, one broken document spoils no other."""

import time
from typing import Any

import pytest

from services.catalog.yaml12 import MAX_NODES, YamlDocument, read_documents

PARSERS = pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "python"])


def read(text: str, *, pure: bool = False) -> list[YamlDocument]:
    return list(read_documents(text, pure=pure))


def value_of(text: str, *, pure: bool = False) -> Any:
    (document,) = read(text, pure=pure)
    assert document.error is None, document.error
    return document.value


def error_of(text: str) -> tuple[int | None, str]:
    (document,) = read(text)
    assert document.error is not None
    return document.error.line, str(document.error)


@PARSERS
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("NO", "NO"),
        ("on", "on"),
        ("True", True),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1e3", 1000),
        ("1.10", 1.1),
        ("-.5", -0.5),
        ("+12", 12),
        ("~", None),
        ("Null", None),
        ("", None),
        (".inf", None),
        (".NaN", None),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("!!int '7'", 7),
        ("!foo bar", "bar"),
        ("!foo [1]", [1]),
        ("${{ x }}", "${{ x }}"),
        ("9007199254740993", 9007199254740993),
        ("|\n  x\n  y\n", "x\ny\n"),
    ],
)
def test_a_value_is_read_by_the_rules_of_version_1_2(text: str, value: Any, pure: bool) -> None:
    assert value_of(f"a: {text}", pure=pure) == {"a": value}


@PARSERS
def test_merge_keys_are_ordinary_keys(pure: bool) -> None:
    assert value_of("x: &p {b: 1}\n<<: *p", pure=pure) == {"x": {"b": 1}, "<<": {"b": 1}}


@PARSERS
def test_keys_that_are_no_text_become_text(pure: bool) -> None:
    assert value_of("1: a\ntrue: b\n? [c, d]\n: e\n? {f: 1}\n: g\nx: {{ y }}", pure=pure) == {
        "1": "a",
        "true": "b",
        "[ c, d ]": "e",
        "{ f: 1 }": "g",
        "x": {"{ y }": None},
    }


@PARSERS
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("# only a comment\n", []),
        ("%TAG x", []),
        ("---\n---\na: 1", [None, {"a": 1}]),
        ("a: 1\n---\n\n---\nb: 2", [{"a": 1}, None, {"b": 2}]),
        ("a: 1\n---\n", [{"a": 1}, None]),
        ("# first\n---\na: 1", [{"a": 1}]),
        ("a: 1\n...\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("%YAML 1.2\n---\na: 1", [{"a": 1}]),
        ("a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}]),
        ("a: 1\r---\rb: 2\r", [{"a": 1}, {"b": 2}]),
        ("text: |\n  ---\n  not a marker", [{"text": "---\nnot a marker"}]),
        ("- a", [["a"]]),
        ("just text", ["just text"]),
    ],
)
def test_documents_are_counted_as_the_reference_implementation_does(text: str, values: list[Any], pure: bool) -> None:
    documents = read(text, pure=pure)
    assert [document.value for document in documents] == values
    assert [document.number for document in documents] == list(range(len(values)))


def test_a_broken_document_leaves_those_before_and_after_it_whole() -> None:
    first, broken, third = read('a: 1\n---\nb: "never closed\n---\nc: 3')
    assert (first.value, third.value) == ({"a": 1}, {"c": 3})
    assert broken.error is not None
    assert (broken.error.line, str(broken.error)) == (3, "The quotation mark that opens a text here is never closed.")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, "“a” stands here a second time"),
        ("m:\n  b: 1\n  b: 2", 3, "“b” stands here a second time"),
        ("\ta: 1", 1, "indent with spaces only"),
        ("a: [1,2", 1, "is not closed"),
        ("a: b: c", 1, "or quote the text"),
        ("a: {% raw %}", 1, "A value cannot begin like this"),
        ("a: *nowhere", 1, "no &nowhere stands before it"),
        ("a: &x [*x]", 1, "within the value it names"),
        ('a: 1\nb: "\\0"', 2, "cannot be stored"),
        ("a: !e!x y", 1, "no %TAG line declares"),
        ("a: 1\n b: 2", 2, "or quote the text"),
        ('"a":1', 1, "belongs to no field"),
        ("a: \x07", 1, "does not allow"),
        ("a: 1\nb: *", 2, "begins with & or * must be put in quotes"),
        ("a: - b", 1, "A list begins where none can"),
        ('a: "C:\\Users"', 1, "Write \\\\, or use single quotes."),
        ("a: ? b", 1, "Put the text in quotes"),
        ("%YAML 1.2\n%YAML 1.2\n---\na: 1", 2, "no directive that YAML knows"),
        ("%YAML 3.0\n---\na: 1", 1, "other than 1.1 or 1.2"),
    ],
)
def test_a_syntax_error_names_its_line_and_how_to_mend_it(text: str, line: int, words: str) -> None:
    found_line, message = error_of(text)
    assert words in message
    assert found_line == line


@pytest.mark.parametrize("text", ["[" * 1_000_000, "- " * 1_000_000, "{a: " * 1_000_000], ids=["list", "block", "map"])
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    started = time.monotonic()
    line, message = error_of(text)
    assert line == 1
    assert message.startswith("Values are nested more than 100 deep.")
    assert time.monotonic() - started < 2


def test_aliases_cannot_nest_deeper_than_what_is_written() -> None:
    chain = [f"a{n}: &l{n} {'[' * 90}*l{n - 1}{']' * 90}" for n in range(1, 1000)]
    line, message = error_of("\n".join(["a0: &l0 [x]", *chain]))
    assert (line, message[:40]) == (3, "Values are nested more than 100 deep. Fl")


def test_a_key_may_be_an_alias_or_long_but_never_without_end() -> None:
    assert value_of("a: &x b\n*x : c") == {"a": "b", "b": "c"}
    assert error_of("? &x [*x]\n: a")[1] == "The alias *x stands within the value it names, which has no end."


def test_a_hundred_levels_are_read() -> None:
    value = value_of("[" * 100 + "]" * 100)
    for _ in range(99):
        (value,) = value
    assert value == []


def test_an_alias_bomb_is_refused_at_once() -> None:
    levels = [f"a{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    started = time.monotonic()
    line, message = error_of("\n".join(["a0: &l0 [x]", *levels]))
    assert message.startswith(f"The document holds more than {MAX_NODES:,} values once its aliases are expanded.")
    assert line is not None
    assert line > 3
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("letter", ["x", "å"])
def test_a_long_text_that_aliases_name_many_times_is_refused(letter: str) -> None:
    long = f"a: &a {letter * 200_000}\nb: [{', '.join(['*a'] * 2000)}]"
    assert error_of(long) == (
        2,
        "The document holds more than 8,388,608 bytes once its aliases are expanded. Write less into one document.",
    )
    nested = "\n".join([f"a: &a {letter * 50_000}", "b: &b [*a, *a, *a, *a]", f"c: [{', '.join(['*b'] * 100)}]"])
    assert error_of(nested)[0] == 3


def test_a_few_aliases_are_expanded() -> None:
    assert value_of("a: &x {b: [1, 2]}\nc: *x\nd: [*x]") == {
        "a": {"b": [1, 2]},
        "c": {"b": [1, 2]},
        "d": [{"b": [1, 2]}],
    }


def test_the_line_of_each_declared_field_is_known() -> None:
    _, document = read(
        "# head\na: 1\n---\nmetadata:\n  name: x\n  annotations:\n    b.c/d: e\nspec:\n  list:\n    - deep: 1\n"
    )
    assert document.line == 3
    assert document.lines == {
        "metadata": 4,
        "metadata.name": 5,
        "metadata.annotations": 6,
        "metadata.annotations.b.c/d": 7,
        "spec": 8,
        "spec.list": 9,
    }


@PARSERS
def test_half_a_character_is_refused(pure: bool) -> None:
    (document,) = read('a: "\\ud800"', pure=pure)
    assert document.error is not None


def test_an_enormous_number_is_kept_as_it_is_written() -> None:
    digits = "9" * 5000
    assert value_of(f"a: {digits}") == {"a": digits}
