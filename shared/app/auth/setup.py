"""The one-time link by which the first user of a closed deployment registers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.auth.collections import SETUP_TICKETS
from shared.domain.errors import AlreadyTaken, Forbidden
from shared.domain.replacing import replace
from shared.domain.users.secret_text import digest, secret_from
from shared.domain.users.user import SetupTicket
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import UserId

LIFE = timedelta(hours=24)
_FIRST_USER = "first-user"  # one document, so that there is one first user


def issue_setup_link(services: Services) -> str:
    """The link, good for 24 hours; one issued before and not used is void from now on.

    For whoever deploys: no API call leads here. Raises AlreadyTaken once a link was used.
    """
    token = secret_from(services.ids.token())
    now = services.clock.now()
    ticket = SetupTicket(digest(token), now, now + LIFE)
    before = services.store.get(SETUP_TICKETS, _FIRST_USER)
    if before is None:
        services.store.add(SETUP_TICKETS, _FIRST_USER, ticket)
    elif before.value.used_by is None:
        services.store.save(SETUP_TICKETS, _FIRST_USER, ticket, before.version)
    else:
        raise AlreadyTaken("The first user of this deployment has registered already.")
    # Behind the hash sign it reaches no server and no log.
    settings = services.settings
    return f"{settings.site_origin or settings.public_url}/register#setup_token={token}"


def use_of_ticket(services: Services, token: str | None, user_id: UserId) -> Save[SetupTicket]:
    """The write that uses the ticket up, to be committed together with its user.

    Raises Forbidden when the token is missing, unknown, used or too old.
    """
    if token is None:
        raise Forbidden("Registration is closed on this deployment.")
    stored = services.store.get(SETUP_TICKETS, _FIRST_USER)
    if stored is None or not stored.value.admits(digest(token), services.clock.now()):
        raise Forbidden("This set-up link is not valid, or no longer.")
    used = replace(stored.value, used_by=user_id)
    return Save(SETUP_TICKETS, _FIRST_USER, used, stored.version)
