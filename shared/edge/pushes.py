"""What a push subscription posts. Only this much is the same in every stack."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import flask

from shared.domain import errors
from shared.domain.frozen import dataclass
from shared.edge.authenticate import require_platform
from shared.edge.problem import MEDIA_TYPE, render
from shared.edge.tracing import trace_id_of

if TYPE_CHECKING:
    from cloudevents.http.event import CloudEvent

    from shared.app.services import Services

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the same at every delivery of one message."""

    id: str
    payload: bytes
    attributes: Mapping[str, str]


def admit(services: Services, name: str) -> None:
    """Ends the request of a stranger: the framework hands the event alone to its function."""
    request = flask.request
    headers = {each.lower(): value for each, value in request.headers.items()}
    try:
        require_platform(services, name, headers, request.args.get("proof", ""))
    except (errors.Unauthenticated, errors.Forbidden, errors.KeysUnavailable) as error:
        _log.warning("a push to %s was refused: %s", name, error)
        refused = render(error, path=request.path, trace_id=trace_id_of(headers, services.ids))
        body = refused.problem.model_dump_json(exclude_none=True)
        flask.abort(
            flask.Response(body, refused.problem.status, refused.headers, content_type=MEDIA_TYPE)
        )


def message_of(pushed: CloudEvent) -> Message:
    """The message in a push. One that has no such shape becomes an empty one, which no topic
    takes.
    """
    body: Any = pushed.data
    if isinstance(body, bytes | str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            body = None
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict):
        return Message("", b"", {})
    attributes = message.get("attributes")
    return Message(
        str(message.get("messageId") or message.get("message_id") or ""),
        _decoded(message.get("data")),
        {str(k): str(v) for k, v in attributes.items()} if isinstance(attributes, dict) else {},
    )


def _decoded(text: object) -> bytes:
    if isinstance(text, bytes):  # the framework has already decoded it
        return text
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        return b""
