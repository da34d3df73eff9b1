"""API tokens: made, recognised, and turned away with the reason."""

import datetime as dt
import hashlib
import secrets

import pghistory
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.people.models import ApiToken, Reader, ServiceAccount, User

SCHEME = "gw"
# A token's last use is written at most this often, so that reading does not cost a write each time.
NOTE_USE_EVERY = dt.timedelta(minutes=1)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def make_token(
    *,
    holder: User | ServiceAccount,
    name: str,
    scopes: list[str],
    expires_at: dt.datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token and return it with its key, which exists nowhere else from then on."""
    key = f"{SCHEME}_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        user=holder if isinstance(holder, User) else None,
        service_account=holder if isinstance(holder, ServiceAccount) else None,
        name=name,
        prefix=key[:8],
        digest=digest_of(key),
        scopes=scopes,
        expires_at=expires_at,
    )
    token.full_clean()
    token.save()
    return token, key


def revoke_token(*, token: ApiToken) -> None:
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer gw_…``. ``request.auth`` is the ApiToken, ``request.user`` its holder."""

    def authenticate(self, request: Request) -> tuple[Reader, ApiToken] | None:
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = self._find(key.strip())
        self._note_use(token)
        holder = token.user or token.service_account
        if holder is None or not holder.is_active:
            raise AuthenticationFailed("This token belongs to an account that is no longer active.")
        pghistory.context(
            user=token.user_id,
            service_account=token.service_account_id,
            token=token.prefix,
            origin="API",
        )
        return holder, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _find(self, key: str) -> ApiToken:
        token = (
            ApiToken.objects.select_related("user__person__reference", "service_account")
            .filter(digest=digest_of(key))
            .first()
        )
        if token is None:
            raise AuthenticationFailed("There is no such token. Make one under Profile, Tokens.")
        if token.revoked_at:
            raise AuthenticationFailed(f"The token “{token.name}” was revoked on {token.revoked_at:%-d %b %Y}.")
        if token.expires_at and token.expires_at <= timezone.now():
            raise AuthenticationFailed(f"The token “{token.name}” expired on {token.expires_at:%-d %b %Y}.")
        return token

    def _note_use(self, token: ApiToken) -> None:
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > NOTE_USE_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def may_write(request: HttpRequest | Request) -> bool:
    """A token without the write scope only reads, whatever its holder may do."""
    token = getattr(request, "auth", None)
    return not isinstance(token, ApiToken) or "write" in token.scopes
