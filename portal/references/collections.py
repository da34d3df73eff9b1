"""References as a collection: what is pointed at, whether or not anybody has described it."""

from portal.collections import Collection, register
from portal.columns import Column
from portal.references.models import Reference

REFERENCES = register(
    Collection(
        model=Reference,
        slug="references",
        place=80,
        rows=Reference.objects.all,
        order="canonical",
        label="Loose ends",
        label_one="reference",
        description="What something points at but nobody has described.",
        icon="unlink",
        columns=(
            Column("canonical", label="Reference", cell="link"),
            Column("label", label="Name", shown=False),
            Column("kind"),
            Column("namespace", shown=False),
            Column("attached", label="Described", shown=False),
        ),
        defaults={"attached": ("false",)},
        empty="Everything that is pointed at is described.",
        create=None,
        update=None,
        delete=None,
    )
)
