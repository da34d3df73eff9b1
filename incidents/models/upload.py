"""Files and pictures that show something of an incident."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from incidents.models.incident import Incident


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible(self, reader: object) -> "UploadQuerySet":
        """Those of incidents that the reader may see."""
        return self.filter(incident__in=Incident.objects.visible(reader))


class Upload(models.Model):
    """One file as it came. It is named by ``uid``, never by its number or name, and never changed.

    ``size`` is in bytes, ``sha256`` of the file as it came. A picture has two copies drawn anew from its pixels, which
    are what pages show: ``shown`` and ``small``, of the type ``shown_type``; ``width`` and ``height`` are those of the
    original. Whoever withdraws a file takes its bytes away; the row stays and says that there was one.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    original = models.FileField(max_length=120)
    shown = models.FileField(max_length=120, blank=True)
    small = models.FileField(max_length=120, blank=True)
    shown_type = models.CharField(max_length=20, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_picture_has_both_copies",
                condition=Q(shown="", small="", shown_type="") | (~Q(shown="") & ~Q(small="") & ~Q(shown_type="")),
            )
        ]
        indexes = [models.Index(fields=["incident", "at"], name="uploads_of_an_incident")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Whether there is a picture of it to show."""
        return bool(self.shown) and self.withdrawn_at is None

    @property
    def url(self) -> str:
        """Where it lies: a picture is shown there, another file comes down."""
        return reverse("upload", args=[self.uid])

    @property
    def markdown(self) -> str:
        """What shows it in a text."""
        name = self.name.translate({ord(each): "\\" + each for each in "\\[]*_`"})
        return f"{'!' if self.is_picture else ''}[{name}]({self.url})"
