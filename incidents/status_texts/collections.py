"""Status updates, feeds, public names and words of the inside as collections."""

from django.db.models import Value
from django.db.models.functions import Coalesce, Left, NullIf

from incidents.models import PublicName, PublicStatus, SecretWord, StatusFeed, StatusText
from portal.collections import Collection, register
from portal.columns import Column
from portal.looks import looks

looks({
    PublicStatus.INVESTIGATING: ("bad", "search"), PublicStatus.IDENTIFIED: "warn",
    PublicStatus.MONITORING: ("info", "eye"),
})  # fmt: skip
_BEGINS = Left(Coalesce(NullIf("internal_text", Value("")), "public_text"), 120)

UPDATES = register(
    Collection(
        model=StatusText,
        slug="status-updates",
        place=60,
        rows=StatusText.objects.all,
        order="-posted_at",
        label="Status updates",
        label_one="status update",
        description="What was told of incidents, to colleagues and to the public.",
        icon="speakerphone",
        group="Incidents",
        listed=False,
        columns=(
            Column("number", source="incident__name", cell="link", label="Incident"),
            Column("text", expr=_BEGINS, label="Begins"),
            Column("public_status", cell="status", label="Public status"),
            Column("public_impact", label="Public impact"),
            Column("happened_at", label="As of"),
            Column("posted_at", label="Posted"),
            Column("internal_text", label="For colleagues", cell="prose", shown=False),
            Column("public_text", label="For the public", cell="prose", shown=False),
        ),
        empty="Nothing was told yet. The page of an incident has the button that posts an update.",
        create=None,
        update=None,
        delete=None,
    )
)

FEEDS = register(
    Collection(
        model=StatusFeed,
        slug="status-feeds",
        place=76,
        rows=StatusFeed.objects.all,
        order="name",
        label="Status feeds",
        label_one="status feed",
        description="Where the public texts are read without signing in, by whoever has the address.",
        icon="world",
        group="Administration",
        perm="incidents.view_statusfeed",
        columns=(
            Column("name", cell="link"),
            Column("page_name", label="Page"),
            Column("page_url", label="Address of the page", cell="address"),
            Column("is_active", label="Active"),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("name", "page_name", "page_url", "is_active"),
        empty="Nobody outside reads what you publish. Make a feed for the status page, and give it the address.",
        goes=("its addresses: who reads them is answered that there is nothing",),
        stays=("what was published",),
    )
)

PUBLIC_NAMES = register(
    Collection(
        model=PublicName,
        slug="public-names",
        place=77,
        rows=PublicName.objects.all,
        order="name",
        label="Public names",
        label_one="public name",
        description="What services are called outside. One without a public name is never named there.",
        icon="tag",
        group="Administration",
        columns=(
            Column("name", cell="link"),
            Column("subject", label="Service"),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("subject", "name"),
        empty="No service has a name outside, so that public updates name none as hit.",
        stays=("what was published under it",),
    )
)

SECRET_WORDS = register(
    Collection(
        model=SecretWord,
        slug="secret-words",
        place=78,
        rows=SecretWord.objects.all,
        order="word",
        label="Words of the inside",
        label_one="word of the inside",
        description="Customers, domains and code names that the leak check points out in public texts.",
        icon="lock",
        group="Administration",
        perm="incidents.view_secretword",
        columns=(
            Column("word", cell="link"),
            Column("kind", cell="badge"),
            Column("replacement", label="Say instead"),
            Column("is_active", label="Active"),
        ),
        form=("word", "kind", "replacement", "is_active"),
        defaults={"is_active": ("true",)},
        empty="Colleagues, teams, services, hosts and tickets are pointed out by themselves. List your customers here.",
    )
)
