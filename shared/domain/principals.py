"""Who calls."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.frozen import dataclass
from shared.domain.ids import ApiKeyId, InstanceId, UserId


class Scope(StrEnum):
    """What a key may do. An access token from a login carries all but METRICS and PROXY.

    OPERATE opens nothing by itself: whoever uses it has to be an operator besides.
    """

    READ = "read"
    WRITE = "write"  # everything that changes or spends
    OPERATE = "operate"  # the deployment's background jobs
    METRICS = "metrics"  # GET /metrics only
    PROXY = "proxy"  # requests to instances' own servers only, which may wake them


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose proof held. `demo` marks the read-only sandbox of `?demo=true`.

    `session` names the login that an access token came from, `key_id` the API key: the other
    is None. With an `instance_id` no other instance is opened.
    """

    user_id: UserId
    scopes: frozenset[Scope]
    demo: bool = False
    session: str | None = None
    key_id: ApiKeyId | None = None
    instance_id: InstanceId | None = None
