"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.ids import UserId


class Scope(StrEnum):
    """What a key may do. An access token from a login carries all but METRICS."""

    READ = "read"
    WRITE = "write"  # everything that changes or spends
    METRICS = "metrics"  # GET /metrics only


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose proof held. `demo` marks the read-only sandbox of `?demo=true`.

    `session` names the login that an access token came from; None for an API key.
    """

    user_id: UserId
    scopes: frozenset[Scope]
    demo: bool = False
    session: str | None = None
