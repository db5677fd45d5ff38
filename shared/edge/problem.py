"""The one table from our errors to RFC 9457 problems. Views never catch; this does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from shared.domain import errors
from shared.domain.billing.money import to_usd
from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

    from shared.contract.problem import BudgetFigures, FieldProblem, Problem  # noqa: TC004

DOCS_PATH = "/api/content/errors"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one class of failure is shown. `detail` stands in for a message that is not public."""

    status: int
    title: str
    code: str = ""  # "" takes the error's own
    detail: str = ""
    retry_after_s: float | None = None


class Refusal(Exception):
    """What only HTTP can be wrong about: a path, a method, a header, a field.

    Raised by the edge itself, never by views.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        problems: tuple[FieldProblem, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.headers = headers or {}
        self.problems = problems


NO_SUCH_PATH = Kind(404, "Nothing here", "not_found")
WRONG_METHOD = Kind(405, "Wrong method", "method_not_allowed")
TOO_LARGE = Kind(413, "Too large", "too_large")
NOT_JSON = Kind(415, "Unsupported media type", "unsupported_media_type")
WRONG_HOST = Kind(421, "Misdirected", "wrong_host")
WRONG_ORIGIN = Kind(403, "Forbidden", "forbidden")
UNPARSABLE = Kind(400, "Cannot be parsed", "malformed")
INVALID = Kind(422, "Not valid", "invalid")
KEY_REUSED = Kind(422, "Idempotency key used before", "idempotency_key_reused")
KEY_IN_PROGRESS = Kind(409, "Still in progress", "idempotency_in_progress", retry_after_s=2)
INTERNAL = Kind(
    500, "Internal error", "internal", "Something went wrong on our side; the trace id finds it."
)
_BACKEND_AWAY = "A part that this call needs does not answer. Try again shortly."

TABLE: Mapping[type[errors.DumontError], Kind] = {
    errors.DumontError: INTERNAL,
    errors.Invalid: INVALID,
    errors.Malformed: UNPARSABLE,
    errors.Unauthenticated: Kind(401, "Not logged in"),
    errors.Forbidden: Kind(403, "Forbidden"),
    errors.NotFound: Kind(404, "Not found"),
    errors.Conflicting: Kind(409, "Conflict"),
    errors.InsufficientFunds: Kind(402, "Not enough credit at the provider"),
    errors.BudgetExceeded: Kind(402, "Over budget"),
    errors.RateLimited: Kind(429, "Too many requests"),
    errors.NotAwake: Kind(503, "Waking"),
    errors.Unreachable: Kind(502, "The instance's server cannot be reached"),
    errors.UpgradeUnsupported: Kind(501, "WebSockets are not carried"),
    errors.UpstreamFailed: Kind(502, "The instance's server failed"),
    errors.StoreError: Kind(503, "Unavailable", "", _BACKEND_AWAY, 5),
    errors.VersionConflict: Kind(
        503, "Busy", "", "Others changed the same thing at the same time. Try again.", 1
    ),
    errors.DocumentExists: Kind(
        503, "Busy", "", "Others made the same thing at the same time. Try again.", 1
    ),
    errors.UnknownSchema: Kind(
        503, "Unavailable", "", "This was written by a newer version of the service.", 60
    ),
    errors.BusUnavailable: Kind(503, "Unavailable", "", _BACKEND_AWAY, 5),
    errors.SchedulerUnavailable: Kind(503, "Unavailable", "", _BACKEND_AWAY, 5),
    errors.KeysUnavailable: Kind(503, "Unavailable", "", _BACKEND_AWAY, 5),
    errors.BlobError: Kind(503, "Unavailable", "", _BACKEND_AWAY, 5),
    errors.SnapshotError: Kind(500, "Snapshot failed"),
    errors.ProviderError: Kind(502, "The provider failed"),
    errors.ProviderUnknown: Kind(
        502,
        "No clean answer from the provider",
        "",
        "The provider gave no clean answer; what it did is being found out.",
    ),
    errors.ProviderRefused: Kind(502, "The provider refused"),
    errors.ProviderBusy: Kind(503, "The provider limits our calls"),
    errors.ProviderCannot: Kind(409, "The provider has no such call"),
    errors.ProviderKeyRejected: Kind(409, "The provider does not accept the account's key"),
}

_REFUSED_BECAUSE: Mapping[str, Kind] = {
    "offer_gone": Kind(409, "The offer is gone", "offer_gone"),
    "insufficient_credit": Kind(402, "Not enough credit at the provider", "insufficient_funds"),
    "invalid": Kind(422, "The provider finds this invalid", "provider_refused"),
    "not_found": Kind(404, "The provider does not know this", "provider_refused"),
    "forbidden": Kind(403, "The provider forbids this", "provider_refused"),
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A problem with the headers that go with it. `expected` is false for our own defects."""

    problem: Problem
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: bool = True


def render(error: Exception, *, path: str, trace_id: str) -> Rendered:
    """Say what happened, without internals: an unforeseen error shows only its trace id."""
    from shared.contract.problem import FieldProblem, Problem  # noqa: PLC0415 - failures alone

    headers: dict[str, str] = {}
    problems: tuple[FieldProblem, ...] = ()
    detail = str(error)
    if isinstance(error, Refusal):
        kind, problems = error.kind, error.problems
        headers |= error.headers
    elif isinstance(error, errors.DumontError):
        kind = _kind_of(error)
        if isinstance(error, errors.Invalid) and error.pointer:
            problems = (FieldProblem(pointer=error.pointer, message=detail),)
    else:
        kind = INTERNAL
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="dumont"'
    if kind.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(kind.retry_after_s))
    problem = Problem(
        type=f"{DOCS_PATH}#{kind.code}",
        title=kind.title,
        status=kind.status,
        detail=kind.detail or detail or kind.title,
        instance=path,
        code=kind.code,
        trace_id=trace_id,
        errors=problems or None,
        retry_after_s=kind.retry_after_s,
        budget=_figures(error) if isinstance(error, errors.BudgetExceeded) else None,
    )
    return Rendered(problem, headers, expected=kind.code != INTERNAL.code)


def _figures(error: errors.BudgetExceeded) -> BudgetFigures:
    from shared.contract.problem import BudgetFigures  # noqa: PLC0415 - failures alone

    return BudgetFigures(
        cap_usd=to_usd(error.cap),
        spent_usd=to_usd(error.spent),
        reserved_usd=to_usd(error.reserved),
        needed_usd=to_usd(error.needed),
    )


def status_of(error: Exception) -> int:
    """The status that `render` would give."""
    if isinstance(error, Refusal):
        return error.kind.status
    return _kind_of(error).status if isinstance(error, errors.DumontError) else INTERNAL.status


def refusal_of(error: HTTPException) -> Refusal:
    """Werkzeug's own complaints about a request (a cut body, a bad header), in our form."""
    if error.code == 413:
        return Refusal(TOO_LARGE, "The body is too large.")
    return Refusal(UNPARSABLE, "The request cannot be read.")


def _kind_of(error: errors.DumontError) -> Kind:
    kind = _kind_of_class(type(error))
    if isinstance(error, errors.ProviderRefused):
        kind = _REFUSED_BECAUSE.get(error.reason, kind)
    if isinstance(error, errors.RateLimited | errors.ProviderBusy | errors.NotAwake):
        kind = replace(kind, retry_after_s=max(0.0, error.retry_after_s))
    return kind if kind.code else replace(kind, code=error.code)


def _kind_of_class(error: type[errors.DumontError]) -> Kind:
    return next(TABLE[each] for each in error.__mro__ if each in TABLE)


def kinds_by_code() -> Mapping[str, Kind]:
    """Every code that an answer may carry, with how it is shown."""
    edge_only = (
        WRONG_METHOD,
        TOO_LARGE,
        NOT_JSON,
        WRONG_HOST,
        KEY_REUSED,
        KEY_IN_PROGRESS,
    )
    found = {kind.code: kind for kind in edge_only}
    pending: list[type[errors.DumontError]] = [errors.DumontError]
    while pending:
        error = pending.pop()
        pending += error.__subclasses__()
        kind = _kind_of_class(error)
        found.setdefault(kind.code or error.code, kind)
    return found
