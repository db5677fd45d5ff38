"""Pub/Sub and Cloud Scheduler prove themselves with an OpenID Connect token of Google's.

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions. Cloud Run checks the same
token before us; a function that was opened by mistake still lets nobody else in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from shared.domain.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
_ALGORITHM = "RS256"
_LONGEST = 4_096  # characters; Google's have about 1,000
_SKEW_S = 10


class Certificates(Protocol):
    def by_kid(self, kid: str) -> Mapping[str, str]:
        """The issuer's public keys (PEM) by name, read anew when `kid` is not among those known.

        Raises KeysUnavailable.
        """


class OidcCallers:
    """The Callers port. `accounts` are the e-mails of the service accounts that may call.

    Raises ValueError without an audience or an account: nobody could be told from anybody.
    """

    def __init__(self, audience: str, accounts: frozenset[str], certificates: Certificates) -> None:
        if not audience or not accounts:
            raise ValueError("an audience and an account are needed to know the platform by")
        self._audience = audience
        self._accounts = accounts
        self._certificates = certificates

    def require(self, function: str, authorization: str, proof: str) -> str:  # noqa: ARG002
        """The query's `proof` counts for nothing here: addresses end up in logs."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated(f"{function} is called by the platform, with its token")
        claims = self._verified(token.strip())
        if claims.get("iss") not in ISSUERS:
            raise Unauthenticated("the token is none of Google's")
        account = claims.get("email")
        if claims.get("email_verified") is not True or not isinstance(account, str):
            raise Unauthenticated("the token does not say whose it is")
        if account not in self._accounts:
            raise Forbidden(f"{account} may not call {function}")
        return account

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims under a good signature, for our audience, of now."""
        from google.auth import exceptions, jwt

        if len(token) > _LONGEST or not token.isascii():
            raise Unauthenticated("the token is none of Google's")
        try:
            header = jwt.decode_header(token)
            kid = header.get("kid")
            # The key decides what algorithm is used, never the token.
            if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
                raise Unauthenticated("the token is none of Google's")
            known = self._certificates.by_kid(kid)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                certs={name: known[name] for name in (kid,) if name in known},
                audience=self._audience,
                clock_skew_in_seconds=_SKEW_S,
            )
        except (exceptions.GoogleAuthError, ValueError, TypeError) as error:
            raise Unauthenticated("the token does not hold") from error
        return claims
