"""A text in Markdown as lines that people read, each with what it is: for comparing two of them without their marks."""

from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from portal.prose import parsed

# What a line is → the sign that stands before it while it is compared, so that another kind of line is another line.
SIGNS = {"text": "\ue000", "heading": "\ue001", "item": "\ue002", "quote": "\ue003", "row": "\ue004", "code": "\ue005"}
KINDS = {sign: kind for kind, sign in SIGNS.items()}
_OPENS = {"heading_open": "heading", "list_item_open": "item", "blockquote_open": "quote"}
_CLOSES = {each.replace("open", "close") for each in _OPENS}


def signed(markdown: str) -> str:
    """The lines, one below the other, each behind its sign."""
    return "\n".join(f"{SIGNS[kind]}{words}" for kind, words in _lines(parsed(_unsigned(markdown))) if words)


def _unsigned(text: str) -> str:
    return text.translate({ord(sign): None for sign in KINDS})


def _lines(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    around = ["text"]
    cells: list[str] | None = None
    for token in tokens:
        if token.type in _OPENS:
            around.append(_OPENS[token.type])
        elif token.type in _CLOSES:
            around.pop()
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            yield "row", " · ".join(cells or ())
            cells = None
        elif token.type == "inline" and cells is not None:
            cells.append(_words(token))
        elif token.type == "inline":
            yield around[-1], _words(token)
        elif token.type in {"fence", "code_block"}:
            yield from (("code", line) for line in token.content.splitlines())


def _words(inline: Token) -> str:
    """The words, and behind those of a link its address."""
    words, addresses = "", []
    for each in inline.children or ():
        if each.type == "link_open":
            addresses.append(str(each.attrGet("href")))
        elif each.type == "link_close":
            words += f" ({addresses.pop()})"
        else:
            words += " " if each.type in {"softbreak", "hardbreak"} else each.content
    return words
