"""Requests and answers as plain values, so that no socket is needed to speak to a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

JSON_TYPE = "application/json"  # exactly so: VAST's client refuses a charset (vast.md, section 1)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: `path` without the query, header names in lower case."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """`lost` means that the connection breaks, after `hold_s`, and the caller never sees it."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    lost: bool = False
    hold_s: float = 0.0

    @classmethod
    def of(cls, value: object, status: int = 200) -> Answer:
        try:
            body = orjson.dumps(value)
        except TypeError:  # a number too large, or a key that is no text
            body = json.dumps(value).encode()
        return cls(status, body)

    @classmethod
    def text(cls, text: str, status: int, content_type: str = "text/plain") -> Answer:
        return cls(status, text.encode(), content_type)
