"""Base classes of what people edit."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now

_BUMP_VERSION = """
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
    RETURN NEW;
"""


def bump_version(*ignored: str) -> pgtrigger.Trigger:
    """The trigger that counts versions; a change of only the ``ignored`` fields is none."""
    return pgtrigger.Trigger(
        name="bump_version",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(exclude=["version", "updated_at", *ignored]),
        func=pgtrigger.Func(_BUMP_VERSION),
    )


class Versioned(models.Model):
    """A record that people edit: the database counts its versions, so that a stale save is noticed whoever writes.

    ``version`` starts at 1 and grows with every UPDATE that changes something.
    """

    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True
        triggers = [bump_version()]
