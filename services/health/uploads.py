"""Files that people upload: kept as they came, looked at before anything is written, taken whole or not at all."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404

from services.health.hooks import sender_of
from services.health.models import ReceivedBatch

LARGEST_FILE = 5 * 2**20
# Rows of a preview that are shown; what it would do is counted of all.
MOST_ROWS = 200


@dataclass
class Preview:
    """What a file would do: counts [(what, how many)], a table, what is worth knowing, and what stops it."""

    counts: list[tuple[str, int]] = field(default_factory=list)
    headings: tuple[str, ...] = ()
    rows: list[Sequence[Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def shown(self) -> list[Sequence[Any]]:
        return self.rows[:MOST_ROWS]

    @property
    def left_out(self) -> int:
        return len(self.rows) - len(self.shown)


def keep(reader: Any, hook: str, file: Any) -> ReceivedBatch:
    """Keep an uploaded file; the same one again is the same row, under the name that it has now. Raises
    ValidationError for one that is not taken."""
    if file is None:
        raise ValidationError("Choose a file first.")
    if file.size > LARGEST_FILE:
        raise ValidationError(
            f"{file.name} has {file.size / 2**20:,.1f} MiB; at most {LARGEST_FILE // 2**20} MiB are taken. Split it."
        )
    body = file.read()
    digest = hashlib.sha256(body).hexdigest()
    name = file.name[:200]
    batch, is_new = ReceivedBatch.objects.get_or_create(
        hook=hook, sender=sender_of(reader), key=digest,
        defaults={"digest": digest, "body": body, "answer": {"file": name}},
    )  # fmt: skip
    if not is_new and batch.answer["file"] != name:
        batch.answer = {**batch.answer, "file": name}
        batch.save(update_fields=["answer"])
    return batch


def kept(reader: Any, hook: str, key: int) -> ReceivedBatch:
    """A file that the reader uploaded; nobody else's. Raises Http404."""
    batch = ReceivedBatch.objects.filter(pk=key, hook=hook, sender=sender_of(reader)).first()
    if batch is None:
        raise Http404("There is no such upload of yours. Uploads are kept for thirty days; upload the file again.")
    return batch


def text_of(body: bytes) -> str:
    """The text of a file. Raises ValueError saying what is wrong with its bytes."""
    try:
        text = bytes(body).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = bytes(body).count(b"\n", 0, problem.start) + 1
        raise ValueError(f"Line {line} holds bytes that are not UTF-8. Save the file as UTF-8 text.") from None
    if "\x00" in text:
        raise ValueError("This is a binary file. Save it as UTF-8 text.")
    return text
