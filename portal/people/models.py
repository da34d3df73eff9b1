"""Who there is: people, teams and who is in them; logins and machine accounts; their API tokens.

A Person comes from the catalog or is entered by hand; a User is a login. Nobody is deleted: who leaves is deactivated,
the name can be erased, and history keeps the ids.
"""

from functools import cached_property, lru_cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.history.tracking import track_history
from portal.models import Versioned, bump_version
from portal.references.models import Reference, Referenced
from portal.tenure import Tenure, organisation_today


class TeamKind(models.TextChoices):
    PRODUCT = "product", "Product"
    PLATFORM = "platform", "Platform"
    ENABLING = "enabling", "Enabling"


@track_history()
class Team(Versioned, Referenced):
    """A group of people that can own things. Its kind says whom it serves and so which metrics suit it."""

    name = models.CharField(
        max_length=63,
        help_text="Short name for addresses and files, such as core-platform.",
    )
    title = models.CharField("display name", max_length=200, blank=True)
    kind = models.CharField(max_length=20, choices=TeamKind, blank=True, help_text="Whom the team serves.")
    type = models.CharField(max_length=63, default="team", help_text="team, product-area, business-unit …")
    description = models.TextField(blank=True)
    parent = models.ForeignKey(
        Reference,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="child_teams",
        verbose_name="part of",
        limit_choices_to={"kind__in": ["group"]},
    )
    chat = models.CharField(
        "chat",
        max_length=200,
        blank=True,
        help_text="Where to write, such as #checkout-help.",
    )
    email = models.EmailField(blank=True)
    on_call_url = models.URLField("on-call page", blank=True, help_text="Where to see or page who is on call.")
    is_active = models.BooleanField("active", default=True, db_default=True)
    # What its file says that has no column here: path → value.
    extra = models.JSONField("other values", default=dict, blank=True, editable=False)

    class Meta(Versioned.Meta, Referenced.Meta):
        abstract = False
        triggers = [*Versioned.Meta.triggers, *Referenced.Meta.triggers]

    def __str__(self) -> str:
        return self.title or self.name


@track_history()
class Person(Versioned, Referenced):
    """Somebody who works here, whether or not they ever sign in."""

    name = models.CharField(
        max_length=63,
        help_text="Short name for addresses and files, such as amara.diallo.",
    )
    title = models.CharField("display name", max_length=200, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField("active", default=True, db_default=True)
    left_at = models.DateField("left on", null=True, blank=True, editable=False)
    erased_on = models.DateField("name erased on", null=True, blank=True, editable=False)
    # What its file says that has no column here: path → value.
    extra = models.JSONField("other values", default=dict, blank=True, editable=False)

    class Meta(Versioned.Meta, Referenced.Meta):
        abstract = False
        verbose_name_plural = "people"
        triggers = [*Versioned.Meta.triggers, *Referenced.Meta.triggers]

    def __str__(self) -> str:
        return self.title or self.name


class MembershipRole(models.TextChoices):
    MEMBER = "member", "Member"
    LEAD = "lead", "Lead"


@track_history()
class Membership(models.Model):
    """A person in a team for a time. Only a membership of trusted origin gives editing rights."""

    person = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Reference, on_delete=models.CASCADE, related_name="team_memberships")
    role = models.CharField(max_length=20, choices=MembershipRole, default=MembershipRole.MEMBER)
    effective_from = models.DateField("from", default=organisation_today)
    effective_to = models.DateField("until", null=True, blank=True)
    trusted = models.BooleanField(default=True, db_default=True)

    objects = Tenure.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "team"],
                condition=Q(effective_to=None),
                name="one_open_membership",
                violation_error_message="This person is in this team already.",
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_begins",
                condition=Q(effective_to=None) | Q(effective_to__gte=models.F("effective_from")),
                violation_error_message="A membership cannot end before it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.team}"


class Role(models.TextChoices):
    """What a login may do beyond reading. Editing records of one's own teams follows from memberships."""

    READER = "reader", "Reader"
    PRODUCT_MANAGER = "product_manager", "Product manager"
    ADMINISTRATOR = "administrator", "Administrator"


class Theme(models.TextChoices):
    AUTO = "auto", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class Density(models.TextChoices):
    COMPACT = "compact", "Compact"
    NORMAL = "normal", "Normal"
    COMFORTABLE = "comfortable", "Comfortable"


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The names of places whose clocks one may choose: without those that stand for whatever a machine is set to."""
    return tuple(sorted(available_timezones() - {"localtime", "posixrules", "Factory"}))


def check_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(f"There is no time zone “{name}”. Use a name such as Europe/Lisbon or UTC.")


class LowerCaseEmailField(models.EmailField):  # type: ignore[type-arg]
    """An address in lower case, however it is typed: two spellings are one login, wherever one writes or asks."""

    def to_python(self, value: Any) -> Any:
        return _lower(super().to_python(value))

    def get_prep_value(self, value: Any) -> Any:
        return _lower(super().get_prep_value(value))


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **values: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **values)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> "User":
        return self.create_user(email, password, **{"role": Role.ADMINISTRATOR, **values})


class Reader:
    """What a login and a machine account have in common: the questions permission rules ask of whoever is there."""

    @property
    def team_ids(self) -> frozenset[int]:
        """References of the teams whose records this reader may edit."""
        raise TypeError(f"{type(self).__name__} does not say in which teams it is.")

    @property
    def is_administrator(self) -> bool:
        return False

    @property
    def is_product_manager(self) -> bool:
        return False


@track_history(exclude=("password", "last_login", "theme", "density", "time_zone", "single_keys"))
class User(Reader, Versioned, AbstractBaseUser):
    """A login, signed in by e-mail and password; linked to the Person it belongs to."""

    email = LowerCaseEmailField(unique=True)
    person = models.OneToOneField(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="user")
    role = models.CharField(max_length=20, choices=Role, default=Role.READER)
    is_active = models.BooleanField("active", default=True, db_default=True)
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.AUTO)
    density = models.CharField(max_length=15, choices=Density, default=Density.NORMAL)
    # Nothing: that of the browser.
    time_zone = models.CharField(max_length=63, blank=True, default="", validators=[check_time_zone])
    single_keys = models.BooleanField("single-key shortcuts", default=True, db_default=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta(Versioned.Meta):
        abstract = False
        # Signing in, and how the portal looks for somebody, is no edit that another could collide with.
        triggers = [bump_version("password", "last_login", "theme", "density", "time_zone", "single_keys")]
        constraints = [
            # With the unique address itself, one login for all its spellings.
            models.CheckConstraint(
                name="login_email_is_lower_case",
                condition=Q(email=models.functions.Lower("email")),
                violation_error_message="The e-mail of a login is kept in lower case.",
            )
        ]

    def __str__(self) -> str:
        return str(self.person) if self.person else self.email

    @cached_property
    def team_ids(self) -> frozenset[int]:
        if not self.person:
            return frozenset()
        current = Membership.objects.current().filter(person=self.person.reference_id, trusted=True)
        return frozenset(current.values_list("team_id", flat=True))

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def is_product_manager(self) -> bool:
        return self.role == Role.PRODUCT_MANAGER

    # Django asks these of any user; permission itself is by rules (portal.people.access).
    @property
    def is_staff(self) -> bool:
        return self.is_administrator

    @property
    def is_superuser(self) -> bool:
        return False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return _may(self, perm, obj)


def _may(reader: "Reader", perm: str, obj: Any) -> bool:
    import rules

    return bool(getattr(reader, "is_active", True) and rules.has_perm(perm, reader, obj))


class Scope(models.TextChoices):
    READ = "read", "Read everything its holder may read"
    WRITE = "write", "Create, change and delete what its holder may"


@track_history()
class ServiceAccount(Reader, Versioned, models.Model):
    """A machine that calls the API, owned by a team and with that team's rights."""

    is_authenticated = True
    is_anonymous = False

    name = models.SlugField(
        max_length=63,
        unique=True,
        help_text="What the machine is, such as deploy-pipeline.",
    )
    description = models.CharField(max_length=200, blank=True)
    team = models.ForeignKey(
        Reference,
        on_delete=models.PROTECT,
        related_name="service_accounts",
        limit_choices_to={"kind__in": ["group"]},
    )
    is_active = models.BooleanField("active", default=True, db_default=True)

    class Meta(Versioned.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.name

    @cached_property
    def team_ids(self) -> frozenset[int]:
        return frozenset({self.team_id})

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return _may(self, perm, obj)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> "ApiTokenQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


# What each use leaves is no change of a token; its digest would be a key's second hiding place.
@track_history(exclude=("digest", "last_used_at"))
class ApiToken(models.Model):
    """A key to the API. Only its hash is kept; the key itself is shown once, when it is made."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_tokens",
    )
    service_account = models.ForeignKey(
        ServiceAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_tokens",
    )
    name = models.CharField(
        max_length=100,
        help_text="What it is for, such as “laptop” or “nightly export”.",
    )
    prefix = models.CharField(max_length=12, help_text="The first characters, to recognise it by.")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the key, in hexadecimal.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="token_has_one_holder",
                condition=Q(user=None) ^ Q(service_account=None),
                violation_error_message="A token belongs either to a person or to a service account.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
