"""What a function declares: its routes, and what a view gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shared.app.rates import Limited
from shared.app.services import Services
from shared.domain.frozen import dataclass
from shared.domain.principals import Principal, Scope

if TYPE_CHECKING:
    # Nobody reads these annotations as they run, and the library is most of a machine's call.
    from pydantic import BaseModel  # noqa: TC004

Q = TypeVar("Q", bound="BaseModel | None")
B = TypeVar("B", bound="BaseModel | None")


class Access(StrEnum):
    """Who may call. Everything but PUBLIC is refused before the view is reached."""

    PUBLIC = "public"  # a principal is still given when a good token is sent
    USER = "user"  # a login or an API key; `?demo=true` on a GET
    METRICS = "metrics"  # an API key with the metrics scope
    BODY = "body"  # the body is the proof (a password, a refresh token): no header is read,
    # because the token that a client still sends beside it may have run out
    MACHINE = "machine"  # the view checks the machine's own token
    PROXY = "proxy"  # as USER, or by the key in X-Dumont-Key; the rest is the machine's affair
    PLATFORM = "platform"  # the scheduler, by its own proof


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request, authenticated and parsed.

    `query` and `body` are instances of the route's models (None where it has none).
    A view that creates something makes its id from `idempotency_id` when there is one, so that
    a try after a crash meets what the first one made.
    """

    services: Services
    principal: Principal | None
    path: Mapping[str, str]
    query: Q
    body: B
    headers: Mapping[str, str]  # names in lower case
    remote_addr: str
    trace_id: str
    idempotency_id: str = ""  # the same at every try of one Idempotency-Key; "" without a key
    raw_body: bytes = b""  # as sent, for routes without a body model
    raw_query: str = ""  # as sent, where it is not ours to read

    @property
    def user(self) -> Principal:
        """The caller of a route that is not public."""
        if self.principal is None:
            raise AssertionError("a route without Access.USER asked who calls")
        return self.principal


@dataclass(frozen=True, slots=True)
class Answer:
    """A view's result when a plain model with the route's status does not say it all.

    `text` with `media_type` answers something other than JSON; `stream` what is not there yet.
    """

    model: BaseModel | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | bytes | None = None
    stream: Generator[bytes] | None = None
    media_type: str = "application/json"


View = Callable[[Call[Any, Any]], "BaseModel | Answer"]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `path` is a werkzeug rule; `/api/...` rules serve `/api/v1/...` as well.

    `idempotent` marks a call that spends or destroys: it honours Idempotency-Key.
    `also` names the models that come with other statuses than `status`, problems aside.
    `raises` names the error codes a caller should expect beside the common ones, for OpenAPI.
    `example` is a request body for OpenAPI; required where there is a body.
    """

    method: str
    path: str
    view: View
    summary: str
    access: Access = Access.USER
    scope: Scope = Scope.READ
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    idempotent: bool = False
    raises: tuple[str, ...] = ()
    example: Mapping[str, Any] | None = None
    tag: str = ""
    limited: Limited | None = None  # counted in the store, over all processes
    hidden: bool = False  # not in OpenAPI (the agent's calls, pages)
    media_type: str = "application/json"
    logged_one_in: int = 1  # successes of a frequent call are sampled; failures never
    also: Mapping[int, type[BaseModel]] = field(default_factory=dict)
