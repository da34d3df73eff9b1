"""Where the catalog comes from: sources, their runs, and every document read, whatever became of it."""

from django.db import models
from django.db.models import Q

from portal.people.models import Membership
from portal.references.models import Reference


class Source(models.Model):
    """A place descriptors are read from. The one with the lower ``precedence`` keeps a reference that two describe.

    Only a trusted source may create teams, people and memberships, because those give rights.
    """

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20, default="folder")
    location = models.CharField(max_length=1000, blank=True)
    trusted = models.BooleanField(default=False, db_default=False)
    precedence = models.PositiveIntegerField(default=100)

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One reading of a source. ``counts`` maps each document status, and created/changed/unchanged, to a number."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)

    class Meta:
        get_latest_by = "started_at"

    def __str__(self) -> str:
        return f"{self.source}, {self.started_at:%-d %b %Y %H:%M}"


class DocumentStatus(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    FOREIGN = "foreign", "Foreign kind, kept"
    ASIDE = "aside", "Set aside"
    EMPTY = "empty", "Empty"
    GONE = "gone", "No longer there"


class Document(models.Model):
    """One YAML document of one file as it was last read: what it describes, or why it was not taken.

    ``number`` counts from 0 within the file. ``fields`` maps each path that the document declares to its line.
    ``conflict`` names who keeps the reference, when another document described it first.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="documents")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="documents")
    file = models.CharField(max_length=1000)
    number = models.PositiveIntegerField("document")
    line = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=DocumentStatus)
    reference = models.ForeignKey(
        Reference,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="documents",
    )
    error = models.TextField("reason", blank=True)
    conflict = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    fields = models.JSONField(default=dict)
    read_at = models.DateTimeField("read", null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "file", "number"], name="one_row_per_document")]
        indexes = [
            models.Index(fields=["status", "file", "number"], name="document_by_status"),
            models.Index(fields=["file", "number", "id"], name="document_by_file"),
        ]

    def __str__(self) -> str:
        return f"{self.file}, document {self.number}"


class DeclaredMembership(models.Model):
    """A document says that a membership holds. When the last one that said so no longer does, the membership ends."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="declarations")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "document"], name="one_declaration")]

    def __str__(self) -> str:
        return f"{self.membership}, says {self.document}"


def needs_attention() -> Q:
    """Of documents: somebody has to mend the file; it was turned away, or another one keeps what it describes."""
    return Q(status=DocumentStatus.REJECTED) | Q(conflict__gt="")
