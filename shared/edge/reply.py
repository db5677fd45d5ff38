"""What goes back, as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.edge.route import Answer, Route

if TYPE_CHECKING:
    from pydantic import BaseModel

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    media_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def reply_of(route: Route, result: BaseModel | Answer) -> Reply:
    """A view's result; times are RFC 3339, in UTC."""
    if not isinstance(result, Answer):
        return Reply(route.status, result.model_dump_json(by_alias=True).encode())
    status = result.status or route.status
    if result.model is not None:
        body = result.model.model_dump_json(by_alias=True).encode()
        return Reply(status, body, result.media_type, result.headers)
    text = result.text or b""
    body = text.encode() if isinstance(text, str) else text
    return Reply(status, body, result.media_type, result.headers)
