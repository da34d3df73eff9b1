"""Keeping files as evidence: what is taken, where it lies, and how it is withdrawn."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from incidents.models import Incident, Upload
from incidents.uploads.pictures import Picture, picture_of

log = structlog.get_logger(__name__)

MB = 1_000_000
LARGEST_FILE = 25 * MB
MOST_FILES = 10
LONGEST_NAME = 120


def keep(*, by: Any, incident: Incident, files: Sequence[Any]) -> list[Upload]:
    """Keep files (Django's UploadedFile) of an incident, all or none of them.

    Raises ValidationError naming each that is empty, too large, or a picture of too many pixels.
    """
    pictures = _checked(files)
    user = by if getattr(by, "is_authenticated", False) and hasattr(by, "person_id") else None
    kept: list[Upload] = []
    try:
        with transaction.atomic():
            for file, picture in zip(files, pictures, strict=True):
                kept.append(Upload(incident=incident, by=user))
                _store(kept[-1], file, picture)
                kept[-1].save(force_insert=True)
    except BaseException:
        forget(kept)
        raise
    return kept


def forget(uploads: Sequence[Upload]) -> None:
    """Take away the bytes of files whose rows were not written after all, or are withdrawn."""
    for name in [name for upload in uploads for name in _places(upload)]:
        try:
            default_storage.delete(name)
        except OSError as problem:
            log.exception("upload_not_deleted", name=name, exc_info=problem)


def withdraw(*, by: Any, upload: Upload) -> Upload:
    """Take a file away. Its row stays, with its name, size and digest, and says who withdrew it and when."""
    with transaction.atomic():
        locked = Upload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
        if locked.withdrawn_at is None:
            locked.withdrawn_at, locked.withdrawn_by = timezone.now(), by
            locked.save(update_fields=["withdrawn_at", "withdrawn_by"])
            transaction.on_commit(lambda: forget([locked]))
    return locked


def safe_name(name: str) -> str:
    """A name that is only a name: no folders, nothing invisible, not endless; its ending is kept."""
    last = re.split(r"[\\/]", name)[-1]
    seen = "".join(each for each in last if unicodedata.category(each)[0] != "C")
    bare = re.sub(r"\s+", " ", seen).strip(" .") or "file"
    stem, dot, ending = bare.rpartition(".")
    if len(bare) <= LONGEST_NAME or not dot or len(ending) > 20:
        return bare[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"


def _checked(files: Sequence[Any]) -> list[Picture | None]:
    """The picture that each file is, or None. Raises ValidationError with everything that is not taken."""
    if not files:
        raise ValidationError("Choose a file first.")
    if len(files) > MOST_FILES:
        raise ValidationError(f"These are {len(files)} files, and at most {MOST_FILES} are taken at once.")
    if problems := [problem for file in files for problem in _problems(file)]:
        raise ValidationError(problems)
    return [picture_of(safe_name(file.name), file) for file in files]


def _problems(file: Any) -> Iterator[str]:
    name = safe_name(file.name)
    if not file.size:
        yield f"{name} is empty. Choose another file."
    if file.size > LARGEST_FILE:
        yield f"{name} has {file.size / MB:,.1f} MB, and at most {LARGEST_FILE // MB} MB are taken. Make it smaller."


def _store(upload: Upload, file: Any, picture: Picture | None) -> None:
    """Write the bytes under the opaque name of the upload, and what is known of them into its row."""
    upload.name, upload.size, upload.sha256 = safe_name(file.name), file.size, _digest(file)
    folder = f"uploads/{upload.uid.hex[:2]}/{upload.uid.hex}"
    upload.original.name = default_storage.save(f"{folder}/original", file)
    if picture:
        upload.width, upload.height, upload.shown_type = picture.width, picture.height, picture.media_type
        upload.shown.name = default_storage.save(f"{folder}/shown", ContentFile(picture.shown))
        upload.small.name = default_storage.save(f"{folder}/small", ContentFile(picture.small))


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _places(upload: Upload) -> list[str]:
    return [file.name for file in (upload.original, upload.shown, upload.small) if file.name]
