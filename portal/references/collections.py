"""References as a collection: what is pointed at, whether or not anybody has described it."""

from django.db.models import BooleanField, ExpressionWrapper

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
            Column(
                "pointed_at",
                expr=lambda reader: ExpressionWrapper(Reference.objects.all().pointed_at(), BooleanField()),
                label="Pointed at",
                help="Whether anything names it; what was deleted and is named nowhere is no loose end.",
                shown=False,
            ),
        ),
        defaults={"attached": ("false",), "pointed_at": ("true",)},
        empty="Everything that is pointed at is described.",
        create=None,
        update=None,
        delete=None,
    )
)
