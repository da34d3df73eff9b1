"""Teams, people, logins and machine accounts as collections."""

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from portal.collections import Collection, register
from portal.columns import Column
from portal.people import actions
from portal.people.models import Membership, Person, ServiceAccount, Team, User


def _current_memberships(**match: OuterRef) -> Coalesce:
    found = Membership.objects.current().filter(**match).order_by().values(*match).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


TEAMS = register(
    Collection(
        model=Team,
        slug="teams",
        place=60,
        rows=Team.objects.all,
        order="title",
        label="Teams",
        label_one="team",
        description="Who there is to own things, and how to reach them.",
        icon="users-group",
        kinds=("group",),
        columns=(
            Column(
                "title",
                source="reference__label",
                label="Name",
                cell="link",
                search="A",
            ),
            Column("name", label="Short name", search="A", shown=False),
            Column("kind", cell="badge"),
            Column("type", shown=False),
            Column("parent", label="Part of", search="C"),
            Column(
                "members",
                expr=lambda reader: _current_memberships(team=OuterRef("reference")),
                label="Members",
            ),
            Column("chat", search="B"),
            Column("email", search="C"),
            Column("description", search="D", shown=False),
            Column("is_active", label="Active", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=(
            "name",
            "title",
            "kind",
            "type",
            "description",
            "parent",
            "chat",
            "email",
            "on_call_url",
            "is_active",
        ),
        defaults={"is_active": ("true",)},
        line=("parent", "chat"),
        empty="Teams own services and answer for them. Read them from catalog files, or make the first one here.",
        create=actions.create_team,
        update=actions.update_team,
        delete=None,
        keeps="A team is closed instead: edit it and take “Active” away; what it owned is listed on its page.",
    )
)

PEOPLE = register(
    Collection(
        model=Person,
        slug="people",
        place=70,
        rows=Person.objects.all,
        order="title",
        label="People",
        label_one="person",
        description="Who works here, and in which teams.",
        icon="user",
        kinds=("user",),
        columns=(
            Column(
                "title",
                source="reference__label",
                label="Name",
                cell="link",
                search="A",
            ),
            Column("name", label="Short name", search="A", shown=False),
            Column("email", search="B"),
            Column(
                "teams",
                expr=lambda reader: _current_memberships(person=OuterRef("reference")),
                label="Teams",
            ),
            Column("is_active", label="Active"),
            Column("left_at", shown=False),
            Column(
                "last_sign_in",
                source="user__last_login",
                perm="people.view_sign_ins",
                shown=False,
            ),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("name", "title", "email"),
        defaults={"is_active": ("true",)},
        line=("email",),
        empty="People come from catalog files, or are entered here.",
        create=actions.create_person,
        delete=None,
        keeps="Whoever leaves is deactivated on their page; an administrator can erase the name afterwards.",
    )
)

USERS = register(
    Collection(
        model=User,
        slug="users",
        place=10,
        rows=User.objects.all,
        order="email",
        label="Logins",
        label_one="login",
        description="Who may sign in, and as what.",
        icon="key",
        group="Administration",
        perm="people.view_user",
        columns=(
            Column("email", cell="link"),
            Column("person", source="person__reference", label="Person"),
            Column("role", cell="badge"),
            Column("is_active", label="Active"),
            Column("last_login", label="Last sign-in"),
            Column("created_at", label="Made", shown=False),
        ),
        form=("email", "person", "role", "is_active"),
        empty="Nobody may sign in yet.",
        create=actions.create_user,
        update=actions.update_user,
        delete=None,
        keeps="A login is closed instead, so that history can say who did what: edit it and take “Active” away.",
    )
)

SERVICE_ACCOUNTS = register(
    Collection(
        model=ServiceAccount,
        slug="service-accounts",
        place=20,
        rows=ServiceAccount.objects.all,
        order="name",
        label="Service accounts",
        label_one="service account",
        description="Machines that call the API, and the team each belongs to.",
        icon="robot",
        group="Administration",
        columns=(
            Column("name", cell="link"),
            Column("team"),
            Column("description"),
            Column("is_active", label="Active"),
            Column("updated_at", label="Changed"),
        ),
        form=("name", "description", "team", "is_active"),
        empty="A pipeline that reports to the portal needs a service account of its team, with a token.",
        create=actions.create_service_account,
        update=actions.update_service_account,
        delete=None,
        keeps="It is closed instead, so that history can say what it did: edit it and take “Active” away.",
    )
)
