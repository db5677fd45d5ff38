"""The end of a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.auth.collections import REFRESH_FAMILIES
from shared.domain.errors import Unauthenticated
from shared.domain.users.sessions import Verdict, judge, parse_token

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.principals import Principal


def logout(services: Services, principal: Principal | None, refresh_token: str | None) -> None:
    """End the login of the access token, of the refresh token, or of both.

    A login that has ended already is success. Access tokens run out within 15 minutes.
    Raises Unauthenticated when neither says which login is meant.
    """
    session = principal.session if principal else None
    if session is None and refresh_token is None:
        raise Unauthenticated("Send the refresh token of the login that shall end.")
    if session is not None:
        services.store.delete(REFRESH_FAMILIES, session)
    if refresh_token is not None:
        _end_by_token(services, refresh_token)


def _end_by_token(services: Services, token: str) -> None:
    parsed = parse_token(token)
    stored = services.store.get(REFRESH_FAMILIES, parsed[0]) if parsed else None
    if parsed is None or stored is None:
        return
    family = stored.value
    verdict = judge(family, parsed[1], family.credentials_epoch, services.clock.now())
    # A reused token ends its login at a refresh, and so it does here.
    if verdict in {Verdict.ROTATE, Verdict.REPEAT, Verdict.REUSED}:
        services.store.delete(REFRESH_FAMILIES, stored.key)
