"""Reading YAML as the descriptor format wants it: version 1.2, core schema, no merge keys, nothing twice.

PyYAML reads YAML 1.1 and its loader recurses: a hundred thousand opening brackets end the process. Only its event
parser (libyaml's where there is one) is used here, and the values are built in a loop, with bounds on depth, and on how
many values and bytes aliases expand to. Each document is parsed by itself, so a syntax error spoils no other document
of the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from yaml import YAMLError, events
from yaml.error import MarkedYAMLError
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

FastParser: Any
try:
    from yaml._yaml import CParser as FastParser
except ImportError:  # PyYAML built without libyaml: slower, the same events
    FastParser = None

MAX_DEPTH = 100
MAX_NODES = 250_000
MAX_SIZE = 8 * 1024 * 1024
MAX_DOCUMENTS = 20_000
# Lines are kept for the fields people see: metadata.annotations.<key> is as deep as those go.
MAX_FIELD_DEPTH = 3
MAX_INTEGER_DIGITS = 300
# NUL and halves of surrogate pairs: escapes can spell them, and PostgreSQL stores neither.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class UnreadableError(Exception):
    """A document that cannot be read; the message is for people, ``line`` counts from 1 within the file."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class YamlDocument:
    """One document of a file: its value, or the error that kept it from having one."""

    number: int
    line: int
    text: str
    value: Any = None
    error: UnreadableError | None = None
    lines: dict[str, int] = field(default_factory=dict)
    size: int = 0  # bytes of its texts and one for each value, with aliases expanded


class _PythonParser(Reader, Scanner, Parser):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def read_documents(text: str, *, pure: bool = False, all_lines: bool = False) -> Iterator[YamlDocument]:
    """Every document of a file in order, numbered from 0; an empty one has the value None. With ``all_lines`` the line
    of every field is kept, however deep, and of what stands in lists, as ``spec.objectives[0].target``."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, (first_line, part) in enumerate(_split(text)):
        if number >= MAX_DOCUMENTS:
            reason = f"The file holds more than {MAX_DOCUMENTS:,} documents; it is not read further. Split it."
            yield YamlDocument(number, first_line + 1, part, error=UnreadableError(reason, first_line + 1))
            return
        yield _read_document(number, part, first_line, pure=pure, all_lines=all_lines)


# --- documents ------------------------------------------------------------------------------------------------------

# At the start of a line these can only be markers, even within quotes or a block of text.
_MARKER = re.compile(r"^(?:---|\.\.\.)(?=[ \t\n]|\Z)", re.MULTILINE)
_PRELUDE = re.compile(r"(?:[ \t]*(?:#.*)?(?:\n|\Z)|%.*(?:\n|\Z))*\Z")


def _split(text: str) -> Iterator[tuple[int, str]]:
    """The text of each document with the number of lines before it."""
    starts = [0, *(match.start() for match in _MARKER.finditer(text)), len(text)]
    directives = ""
    line = 0
    for start, end in pairwise(starts):
        part = text[start:end]
        if part.startswith("---"):
            yield line - directives.count("\n"), directives + part
            directives = ""
        else:
            body = "\n" + part.partition("\n")[2] if part.startswith("...") else part
            if _PRELUDE.match(body):
                directives = body if "%" in body else ""  # they belong to the document that follows
            else:
                yield line, body
        line += part.count("\n")


def _read_document(number: int, text: str, first_line: int, *, pure: bool, all_lines: bool) -> YamlDocument:
    document = YamlDocument(number, first_line + 1, text)
    try:
        parser = _PythonParser(text) if pure or FastParser is None else FastParser(text)
        builder = _Builder(parser, first_line, document.lines, all_lines=all_lines)
        document.line = builder.start()
        document.value = builder.build()
        document.size = builder.size + builder.nodes
    except (UnreadableError, YAMLError) as error:
        document.error = _explained(error, text, first_line)
    return document


# --- values ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being read; ``height`` is how deep the values in it go so far."""

    value: Any  # a dict or a list
    anchor: str | None
    path: str | None
    depth: int
    nodes_before: int
    size_before: int
    height: int = 1
    key: str = ""
    awaits_key: bool = True


class _Builder:
    """Builds the value of one document from its events."""

    def __init__(self, parser: Any, first_line: int, lines: dict[str, int], *, all_lines: bool) -> None:
        self.parser, self.first_line, self.lines, self.all_lines = parser, first_line, lines, all_lines
        self.frames: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int, int, int]] = {}  # value, number of nodes, size, height
        self.open_anchors: set[str] = set()
        self.nodes = 0
        self.size = 0
        self.root: Any = None

    def start(self) -> int:
        """Go to the beginning of the document and return its line."""
        self.parser.get_event()  # the start of the stream
        return self.first_line + int(self.parser.get_event().start_mark.line) + 1

    def build(self) -> Any:
        get_event = self.parser.get_event
        handlers: dict[type, Callable[[Any], None]] = {
            events.ScalarEvent: self._scalar,
            events.MappingStartEvent: self._open,
            events.SequenceStartEvent: self._open,
            events.MappingEndEvent: self._close,
            events.SequenceEndEvent: self._close,
            events.AliasEvent: self._alias,
            events.DocumentStartEvent: self._second_document,
        }
        while True:
            event = get_event()
            handler = handlers.get(type(event))
            if handler:
                handler(event)
            elif isinstance(event, events.StreamEndEvent):
                return self.root

    def _scalar(self, event: events.ScalarEvent) -> None:
        text = event.value
        if event.style == '"' and UNSTORABLE.search(text):
            raise self._error("The text holds a character that cannot be stored, such as NUL (\\0). Remove it.", event)
        plain = event.implicit[0] and not event.tag
        value = resolve(text) if plain else _tagged(event.tag, text)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1, _bytes(text), 0)
        self._place(value, event, nodes=1, size=_bytes(text))

    def _open(self, event: Any) -> None:
        self._check_depth(1, event)
        parent = self.frames[-1] if self.frames else None
        value: dict[str, Any] | list[Any] = {} if isinstance(event, events.MappingStartEvent) else []
        path, depth = self._place_of_child(parent)
        if self.all_lines and path and path.endswith("]"):
            self.lines[path] = self.first_line + event.start_mark.line + 1
        if event.anchor:
            self.open_anchors.add(event.anchor)
        self.frames.append(_Frame(value, event.anchor, path, depth, self.nodes, self.size))

    def _place_of_child(self, parent: _Frame | None) -> tuple[str | None, int]:
        if parent is None:
            return "", 0
        if self.all_lines and parent.path is not None and not (isinstance(parent.value, dict) and parent.awaits_key):
            is_item = isinstance(parent.value, list)
            path = f"{parent.path}[{len(parent.value)}]" if is_item else _joined(parent.path, parent.key)
            return path, parent.depth + 1
        if parent.path is None or parent.depth + 1 >= MAX_FIELD_DEPTH or isinstance(parent.value, list):
            return None, 0
        return (None, 0) if parent.awaits_key else (_joined(parent.path, parent.key), parent.depth + 1)

    def _close(self, event: Any) -> None:
        frame = self.frames.pop()
        if frame.anchor:
            self.open_anchors.discard(frame.anchor)
            nodes, size = self.nodes - frame.nodes_before + 1, self.size - frame.size_before
            self.anchors[frame.anchor] = (frame.value, nodes, size, frame.height)
        self._place(frame.value, event, nodes=1, height=frame.height)

    def _alias(self, event: events.AliasEvent) -> None:
        name = event.anchor
        if name in self.open_anchors:
            raise self._error(f"The alias *{name} stands within the value it names, which has no end.", event)
        if name not in self.anchors:
            raise self._error(f"The alias *{name} names no value: no &{name} stands before it.", event)
        value, nodes, size, height = self.anchors[name]
        self._check_depth(height, event)
        self._place(value, event, nodes=nodes, size=size, height=height)

    def _second_document(self, event: Any) -> None:
        raise self._error("A second document begins here. Put its --- at the beginning of a line of its own.", event)

    def _check_depth(self, height: int, event: Any) -> None:
        if len(self.frames) + height > MAX_DEPTH:
            raise self._error(
                f"Values are nested more than {MAX_DEPTH} deep. Flatten the document, or keep that part in a file of "
                "its own and name it with $text.",
                event,
            )

    def _place(self, value: Any, event: Any, *, nodes: int, size: int = 0, height: int = 0) -> None:
        self.nodes += nodes
        self.size += size
        if self.nodes > MAX_NODES or self.size > MAX_SIZE:
            most = f"{MAX_NODES:,} values" if self.nodes > MAX_NODES else f"{MAX_SIZE:,} bytes"
            raise self._error(
                f"The document holds more than {most} once its aliases are expanded. Write less into one document.",
                event,
            )
        if not self.frames:
            self.root = value
            return
        frame = self.frames[-1]
        if height >= frame.height:
            frame.height = height + 1
        if frame.value.__class__ is list:
            frame.value.append(value)
        elif frame.awaits_key:
            self._take_key(frame, as_key(value), event)
        else:
            frame.value[frame.key] = value
            frame.awaits_key = True

    def _take_key(self, frame: _Frame, key: str, event: Any) -> None:
        if key in frame.value:
            raise self._error(f"The field “{key}” stands here a second time. Keep one of the two.", event)
        if frame.path is not None:
            self.lines[_joined(frame.path, key)] = self.first_line + event.start_mark.line + 1
        frame.key, frame.awaits_key = key, False

    def _error(self, message: str, event: Any) -> UnreadableError:
        return UnreadableError(message, self.first_line + event.start_mark.line + 1)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


# --- scalars: https://yaml.org/spec/1.2.2/#103-core-schema -----------------------------------------------------------

_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OTHER_BASE = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_NUMBER_STARTS = frozenset("0123456789+-.")
_TAG = "tag:yaml.org,2002:"


def resolve(text: str) -> Any:
    """The value of a plain scalar. Infinity and not-a-number become None, as they do in JSON."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS or len(text) > MAX_INTEGER_DIGITS:
        return text
    if _INTEGER.match(text):
        return int(text)
    if _OTHER_BASE.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return _number(float(text))
    return None if _NOT_A_NUMBER.match(text) else text


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _tagged(tag: str | None, text: str) -> Any:
    """A quoted or tagged scalar: a number only where a tag of the core schema says so, otherwise the text."""
    if tag in (f"{_TAG}int", f"{_TAG}float", f"{_TAG}bool", f"{_TAG}null"):
        return resolve(text)
    return text


def as_key(value: Any) -> str:
    """The text of a mapping key, whatever stands there: ``{{ x }}`` is a mapping whose key is ``{ x }``."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(k if v is None else f"{k}: {as_key(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(as_key(item) for item in value) + " ]"
    return str(value)


# --- errors ---------------------------------------------------------------------------------------------------------

_ADVICE = (
    ("mapping values are not allowed", "A “key: value” begins inside a value. Indent it anew, or quote the text."),
    ("did not find expected key", "The indentation does not fit the lines above it."),
    ("did not find expected '-' indicator", "The indentation of this list does not fit the lines above it."),
    ("did not find expected ',' or", "A list or mapping opened with [ or { is not closed, or lacks a comma."),
    ("did not find expected node content", "A list or mapping opened with [ or { is not closed."),
    ("while scanning a quoted scalar", "The quotation mark that opens a text here is never closed."),
    ("could not find expected ':'", "A line is neither “key: value” nor part of a list; a colon may be missing."),
    ("found character that cannot start any token", "A value cannot begin like this. Put the text in quotes."),
    ("found undefined tag handle", "The tag here uses a prefix that no %TAG line declares."),
    ("alphabetic or numeric character", "A value that begins with & or * must be put in quotes."),
    ("block sequence entries", "A list begins where none can: put it on lines of its own, indented."),
    ("mapping keys are not allowed", "A “?” begins a value here. Put the text in quotes."),
    ("tab character", "A tab stands where spaces must: indent with spaces only."),
    ("escape", "A backslash here begins no escape. Write \\\\, or use single quotes."),
    ("while parsing a quoted scalar", "A backslash here begins no escape. Write \\\\, or use single quotes."),
    ("directive", "A line that begins with % is no directive that YAML knows. Put the text in quotes, or remove it."),
    ("control characters are not allowed", "The text holds a control character. Remove it."),
    ("did not find expected <document start>", "Text stands here that belongs to no field; a colon may be missing."),
    ("found unexpected document", "A --- stands within a quoted text. Close the quotation mark first."),
    ("incompatible YAML document", "The %YAML line names a version other than 1.1 or 1.2. Remove the line."),
)  # fmt: skip


def _explained(error: Exception, text: str, first_line: int) -> UnreadableError:
    if isinstance(error, UnreadableError):
        return error
    if isinstance(error, ReaderError):
        return UnreadableError("The text holds a character that YAML does not allow. Remove it.", first_line + 1)
    if not isinstance(error, MarkedYAMLError):
        return UnreadableError(f"This is not YAML: {error}.", first_line + 1)
    said = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.context_mark if "quoted scalar" in said else None
    mark = mark or error.problem_mark or error.context_mark
    line = min(mark.line, text.rstrip().count("\n")) if mark else 0
    if "cannot start any token" in said and text.splitlines()[line].startswith("\t"):
        return UnreadableError("A tab stands where spaces must: indent with spaces only.", first_line + line + 1)
    advice = next((advice for words, advice in _ADVICE if words in said), f"This is not YAML: {error.problem}.")
    return UnreadableError(advice, first_line + line + 1)
