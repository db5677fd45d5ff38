"""From an HTTP answer to the parsed JSON, or to the one error that says what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from frontend.client import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_BY_STATUS: Mapping[int, type[errors.ApiError]] = {
    400: errors.BadRequest,
    401: errors.Unauthenticated,
    402: errors.PaymentRequired,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    422: errors.Invalid,
    429: errors.RateLimited,
}
_LONGEST_ERROR_LIST = 50


def parse(response: httpx.Response) -> Json:
    """The answer's JSON. Raises ApiError for a problem answer and NotOurServer for anything
    else that is not JSON; a 204 gives None.
    """
    if response.status_code == 204:
        return None
    answer = _json(response)
    if response.is_success:
        return answer
    raise _problem(response, answer)


def retry_after_s(response: httpx.Response) -> float | None:
    """The wait in seconds that the answer asks for; None when it names none (dates included:
    our server sends seconds).
    """
    value = response.headers.get("retry-after", "").strip()
    try:
        wait_s = float(value)
    except ValueError:
        return None
    return wait_s if 0 <= wait_s < float("inf") else None


def _json(response: httpx.Response) -> Json:
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise _not_ours(response, media_type)
    try:
        answer: Json = json.loads(response.content)
    except (ValueError, RecursionError):
        raise _not_ours(response, f"broken {media_type}") from None
    return answer


def _not_ours(response: httpx.Response, media_type: str) -> errors.NotOurServer:
    url = response.request.url
    shown = str(url.copy_with(query=None, username=None, password=None))
    return errors.NotOurServer(shown, response.status_code, media_type)


def _problem(response: httpx.Response, answer: Json) -> errors.DumontError:
    status = response.status_code
    if not isinstance(answer, dict):
        return errors.UnexpectedAnswer(f"status {status} came without a problem description")
    kind = _BY_STATUS.get(status, errors.ServerFailed if status >= 500 else errors.ApiError)
    return kind(
        status,
        _text(answer.get("code")) or f"http_{status}",
        _text(answer.get("detail")) or _text(answer.get("title")) or f"status {status}",
        trace_id=_text(answer.get("trace_id")),
        errors=_field_errors(answer.get("errors")),
        retry_after_s=retry_after_s(response),
    )


def _field_errors(value: Json) -> tuple[errors.FieldError, ...]:
    rows = value if isinstance(value, list) else []
    return tuple(
        errors.FieldError(_text(row.get("pointer")) or "", _text(row.get("message")) or "invalid")
        for row in rows[:_LONGEST_ERROR_LIST]
        if isinstance(row, dict)
    )


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
