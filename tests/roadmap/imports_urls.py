"""What the addresses of importing initiatives answer to each reader. The product manager has uploaded a file."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from services.health.models import ReceivedBatch
from services.health.uploads import keep
from tests.url_rows import Row

URLS: dict[str, Row] = {
    "initiatives-import": Row("302 403 403 403 200 200 302"),
    "initiative-import": Row("302 403 403 403 200 404 302", {"key": "roadmap_csv"}),
    "initiative-import-preview": Row("302 403 403 403 302 404 302", {"key": "roadmap_csv"}),
    "initiative-import-done": Row("302 403 403 403 200 404 302", {"key": "roadmap_csv"}),
}
FORMS = ("initiatives-import", "initiative-import-preview")


def world(people: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("plan.csv", b"Key,Summary\nA-1,Shard the orders\n")
    batch = keep(people.product_manager, "initiatives-import", file)
    ReceivedBatch.objects.filter(pk=batch.pk).update(done_at=timezone.now())
    return {"roadmap_csv": batch.pk}
