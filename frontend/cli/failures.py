"""From an error to what a person needs: what happened, what to do next, the exit status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from frontend.client import errors

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_LOGGED_IN = 3
    NOT_FOUND = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Failure:
    """`what` and `next_step` are sentences; `details` are lines below them."""

    exit_status: Exit
    code: str
    what: str
    next_step: str = ""
    details: tuple[str, ...] = ()


_NEXT_BY_CODE: Mapping[str, str] = {
    "offer_gone": "Search again: `dumont offers`.",
    "insufficient_funds": "Add credit at the provider, or take a cheaper offer: `dumont offers`.",
    "budget_exceeded": "See `dumont budget show`; raise it with `dumont budget set`, "
    "a race's own with --race-max-usd.",
    "already_taken": "Log in instead: `dumont login`.",
}
_OUR_FAULT = "Try again in a moment; if it stays, report it with the trace id."


def explain(error: errors.DumontError) -> Failure:
    """The failure behind any error of the client."""
    if isinstance(error, errors.ApiError):
        return _refused(error)
    if isinstance(error, errors.OperationFailed):
        operation = error.operation
        timeline = f"See the timeline: `dumont instance events {operation.target}`."
        step = _NEXT_BY_CODE["budget_exceeded"] if error.code == "budget_exceeded" else timeline
        return Failure(Exit.FAILED, error.code or "operation_failed", str(error), step)
    if isinstance(error, errors.WaitTimedOut):
        step = f"Keep waiting with `dumont operations wait {error.operation.id}`."
        return Failure(Exit.FAILED, "still_going_on", str(error), step)
    return _no_answer(error)


def _no_answer(error: errors.DumontError) -> Failure:
    if isinstance(error, errors.Unreachable):
        step = "Is it running? `dumont up` starts a local one; --base-url names another."
        return Failure(Exit.UNREACHABLE, "unreachable", str(error), step)
    if isinstance(error, errors.NotOurServer):
        step = "Check --base-url, DUMONT_API_URL and the profile."
        return Failure(Exit.UNREACHABLE, "not_our_server", str(error), step)
    step = "Update whichever is older, this command or the server."
    return Failure(Exit.FAILED, "unexpected_answer", str(error), step)


def _refused(error: errors.ApiError) -> Failure:
    details = tuple(f"{each.pointer or 'input'}: {each.message}" for each in error.errors)
    if error.trace_id is not None and (error.status >= 500 or not details):
        details += (f"trace id: {error.trace_id}",)
    return Failure(
        _status(error),
        error.code,
        error.detail,
        _NEXT_BY_CODE.get(error.code, _step(error)),
        details,
    )


def _status(error: errors.ApiError) -> Exit:
    match error:
        case errors.Unauthenticated():
            return Exit.NOT_LOGGED_IN
        case errors.NotFound():
            return Exit.NOT_FOUND
        case errors.Invalid() | errors.BadRequest():
            return Exit.USAGE
        case _:
            return Exit.FAILED


def _step(error: errors.ApiError) -> str:
    match error:
        case errors.Unauthenticated():
            return "Log in with `dumont login`, or set DUMONT_API_KEY."
        case errors.NotFound():
            return "`dumont instance list` and `dumont snapshots` show what is yours."
        case errors.RateLimited():
            wait_s = error.retry_after_s
            return f"Try again in {wait_s:.0f} s." if wait_s else "Try again in a moment."
        case errors.ServerFailed():
            return _OUR_FAULT
        case errors.Conflict():
            return "See how it stands: `dumont instance list`."
        case _:
            return ""
