"""What goes back, as bytes."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.edge.route import Access, Answer, Route

if TYPE_CHECKING:
    from pydantic import BaseModel

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    media_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    logged_one_in: int = 1
    stream: Generator[bytes] | None = None
    to_machine: bool = False  # who asked has proved to be one


def reply_of(route: Route, result: BaseModel | Answer) -> Reply:
    """A view's result; times are RFC 3339, in UTC."""
    answer = result if isinstance(result, Answer) else Answer(result)
    proved = route.access is Access.MACHINE and route.method == "POST"
    return Reply(
        answer.status or route.status,
        _bytes_of(answer),
        answer.media_type,
        answer.headers,
        route.logged_one_in,
        answer.stream,
        to_machine=proved,
    )


def _bytes_of(answer: Answer) -> bytes:
    if answer.model is not None:
        return answer.model.model_dump_json(by_alias=True).encode()
    text = answer.text or b""
    return text.encode() if isinstance(text, str) else text
