"""What the history of teams, people, logins and machines tells besides their own values: who may do what since when."""

from portal.history.parts import Part, tell_with
from portal.people.models import ApiToken, Membership, Person, ServiceAccount, Team, User

_TENURE = ("role", "effective_from", "effective_to", "trusted")
_TOKEN = ("name", "prefix", "scopes", "expires_at", "revoked_at")

tell_with(
    Part(Team, Membership, "team", "Member", ("person", *_TENURE)),
    Part(Person, Membership, "person", "Team", ("team", *_TENURE)),
    # What a key is called and begins with is for who may make and revoke one.
    Part(User, ApiToken, "user", "Token", _TOKEN, guarded=True),
    Part(ServiceAccount, ApiToken, "service_account", "Token", _TOKEN, guarded=True),
)
