"""Short-lived proofs of a login: JWTs signed with Ed25519, under the rules of RFC 8725."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shared.domain.errors import Unauthenticated
from shared.domain.frozen import dataclass
from shared.domain.ids import UserId
from shared.domain.users.sessions import FamilyId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from shared.app.services import Services
    from shared.ports.secrets import SigningKey

LIFE = timedelta(minutes=15)
AUDIENCE = "dumont-api"
PURPOSE = "access-token"

_ALGORITHM = "EdDSA"
_TYPE = "at+jwt"  # RFC 9068: no other kind of token of ours passes for one
_LONGEST = 1_024  # characters; ours have about 500
_LEEWAY_S = 5  # between the clocks of two instances of a function
_REQUIRED = ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"]
_HEADER = frozenset({"alg", "kid", "typ"})


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Whose token it is, and which login it came from."""

    user_id: UserId
    family_id: FamilyId


def mint(services: Services, claims: AccessClaims) -> str:
    """A token for 15 minutes, under the newest key."""
    import jwt  # noqa: PLC0415 - only logins mint

    key = services.secrets.signing_keys(PURPOSE)[0]
    issued = int(services.clock.now().timestamp())
    payload = {
        "iss": services.settings.deployment_id,
        "aud": AUDIENCE,
        "sub": claims.user_id,
        "sid": claims.family_id,
        "jti": services.ids.new("tok"),
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(LIFE.total_seconds()),
    }
    headers = {"kid": key.kid, "typ": _TYPE}
    return jwt.encode(payload, _private_key(key.secret), algorithm=_ALGORITHM, headers=headers)


def read(services: Services, token: str) -> AccessClaims:
    """What the token says, once it has proved to be ours and of now. Raises Unauthenticated.

    It cannot tell whether the login has ended since: a token outlives it by up to 15 minutes.
    """
    keys = services.secrets.signing_keys(PURPOSE)
    payload = _verified(token, keys, services.settings.deployment_id)
    now = services.clock.now().timestamp()
    starts, ends = payload["nbf"], payload["exp"]
    # A bool is an int to Python, and to no one else.
    if type(starts) is not int or type(ends) is not int:
        raise Unauthenticated("This token is not one of ours.")
    if now < starts - _LEEWAY_S:
        raise Unauthenticated("This token is not valid yet.")
    if now >= ends + _LEEWAY_S:
        raise Unauthenticated("This token has expired. Refresh it or log in again.")
    return AccessClaims(UserId(str(payload["sub"])), FamilyId(str(payload["sid"])))


# A caller shows the same token call after call, and the signature takes longer than the rest of
# a small call. Only what held is kept, under the keys that were live then.
@lru_cache(maxsize=1024)
def _verified(token: str, keys: tuple[SigningKey, ...], issuer: str) -> Mapping[str, Any]:
    """The claims under a good signature, times unchecked: those are our own clock's to judge."""
    import jwt  # noqa: PLC0415 - API keys need none of it

    if len(token) > _LONGEST or not token.isascii():
        raise Unauthenticated("This token is not one of ours.")
    try:
        secret = _secret_for(keys, jwt.get_unverified_header(token))
        claims = jwt.decode(
            token,
            _private_key(secret).public_key(),
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=issuer,
            options={
                "require": _REQUIRED,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError:
        raise Unauthenticated("This token is not one of ours.") from None
    return MappingProxyType(claims)


def _secret_for(keys: tuple[SigningKey, ...], header: dict[str, Any]) -> bytes:
    """The key that the header names. Nothing else in a header is heeded, or allowed."""
    if set(header) != _HEADER or header["alg"] != _ALGORITHM or header["typ"] != _TYPE:
        raise Unauthenticated("This token is not one of ours.")
    live = {key.kid: key.secret for key in keys}
    if not isinstance(header["kid"], str) or header["kid"] not in live:
        raise Unauthenticated("This token was signed with a key that is no longer in use.")
    return live[header["kid"]]


def _private_key(seed: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(seed)
