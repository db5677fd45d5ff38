"""Every way a call can fail, drawn once. Messages are written for a person.

DumontError
    Unreachable         no answer, or one that was cut
    NotOurServer        an answer that no Dumont Cloud gives
    UnexpectedAnswer    a Dumont Cloud whose answer this version cannot read
    ApiError            a problem answer: `status`, `code`, `detail`, `trace_id`, `errors`
        BadRequest 400, Unauthenticated 401, PaymentRequired 402, Forbidden 403, NotFound 404,
        Conflict 409, Invalid 422, RateLimited 429, ServerFailed 5xx
    OperationFailed     a long action that was accepted and did not succeed
    WaitTimedOut        a long action that is still going on
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from frontend.client.models.operations import Operation


class DumontError(Exception):
    """The root."""


class Unreachable(DumontError):
    """Nothing answered, or the answer was cut: whether the call took effect is unknown.

    `reason` says why in one line.
    """

    def __init__(self, base_url: str, reason: str) -> None:
        super().__init__(f"{base_url} does not answer: {reason}")
        self.base_url = base_url
        self.reason = reason


class NotOurServer(DumontError):
    """Something answered, but not with what a Dumont Cloud sends."""

    def __init__(self, url: str, status: int, media_type: str) -> None:
        super().__init__(
            f"{url} answered {media_type or 'nothing'} instead of JSON (status {status}): "
            "is this address a Dumont Cloud?"
        )
        self.url = url
        self.status = status
        self.media_type = media_type


class UnexpectedAnswer(DumontError):
    """JSON came, but without what this client needs from it: the versions do not match."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input. `pointer` is an RFC 6901 path into what was sent."""

    pointer: str
    message: str


class ApiError(DumontError):
    """The server's own refusal. `code` is stable; `detail` is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        trace_id: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.trace_id = trace_id
        self.errors = errors
        self.retry_after_s = retry_after_s


class BadRequest(ApiError):
    """400: it cannot be parsed."""


class Unauthenticated(ApiError):
    """401: no login, or one that no longer holds."""


class PaymentRequired(ApiError):
    """402: the credit or the budget does not cover it."""


class Forbidden(ApiError):
    """403: this login may not do it."""


class NotFound(ApiError):
    """404: there is no such thing among the caller's own."""


class Conflict(ApiError):
    """409: the thing's present state does not allow it, or the offer is gone."""


class Invalid(ApiError):
    """422: `errors` says which fields break which rules."""


class RateLimited(ApiError):
    """429: too many calls; `retry_after_s` is the server's wish."""


class ServerFailed(ApiError):
    """5xx: the fault is on the server's side."""


class OperationFailed(DumontError):
    """It was accepted and ended without success; `operation` is its last state."""

    def __init__(self, operation: Operation) -> None:
        problem = operation.error
        why = problem.message if problem is not None else "it gives no reason"
        super().__init__(f"{operation.kind} of {operation.target} {operation.state}: {why}")
        self.operation = operation

    @property
    def code(self) -> str | None:
        """The stable code of the failure, when the server gives one."""
        return self.operation.error.code if self.operation.error is not None else None


class WaitTimedOut(DumontError):
    """The wait ended before the operation did; the operation goes on without it."""

    def __init__(self, operation: Operation, waited_s: float) -> None:
        phase = operation.current_phase
        at = f" (at: {phase})" if phase else ""
        super().__init__(
            f"{operation.kind} of {operation.target} is still {operation.state}{at} "
            f"after {waited_s:.0f} s; it goes on"
        )
        self.operation = operation
        self.waited_s = waited_s
