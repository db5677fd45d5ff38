"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.ids import ApiKeyId, UserId


class Scope(StrEnum):
    """What a key may do. An access token from a login carries all but METRICS.

    OPERATE opens nothing by itself: whoever uses it has to be an operator besides.
    """

    READ = "read"
    WRITE = "write"  # everything that changes or spends
    OPERATE = "operate"  # the deployment's background jobs
    METRICS = "metrics"  # GET /metrics only


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose proof held. `demo` marks the read-only sandbox of `?demo=true`.

    `session` names the login that an access token came from, `key_id` the API key: the other
    is None.
    """

    user_id: UserId
    scopes: frozenset[Scope]
    demo: bool = False
    session: str | None = None
    key_id: ApiKeyId | None = None
