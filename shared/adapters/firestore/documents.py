"""How a plain document stands in Firestore, and what this adapter adds to it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from shared.adapters import codec

if TYPE_CHECKING:
    from datetime import datetime

    from shared.ports.store import Collection, Document

EXPIRE_AT = "_expire_at"  # a native timestamp, for Firestore's own TTL
# A write that changes nothing keeps the update time, and so would not fence anybody off.
_REVISION = "_revision"
_LIST = "_list"
_MAP = "_map"


def to_fields(collection: Collection[Any], document: Document) -> Document:
    """The fields to write: everything, every time, null where there is nothing."""
    fields: Document = {name: _wrapped(value) for name, value in document.items()}
    if collection.expires is not None:
        expires = document[collection.expires]
        fields[EXPIRE_AT] = codec.parse_time(expires) if expires is not None else None
    fields[_REVISION] = secrets.token_hex(4)
    return fields


def postponed(field: str, until: datetime) -> Document:
    """The fields to write of a document whose others are not understood."""
    return {field: codec.time_text(until), _REVISION: secrets.token_hex(4)}


def from_fields(fields: Document) -> Document:
    return {
        name: _unwrapped(value)
        for name, value in fields.items()
        if name not in {EXPIRE_AT, _REVISION}
    }


def has_expired(collection: Collection[Any], document: Document, now: str) -> bool:
    """Firestore removes what has expired within a day or so; until then we look away."""
    if collection.expires is None:
        return False
    expires = document.get(collection.expires)
    return isinstance(expires, str) and expires <= now


def _wrapped(value: Any) -> Any:
    """Firestore has no list directly inside a list: the inner one is put into a map."""
    if isinstance(value, dict):
        return {key: _wrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wrapped_item(item) for item in value]
    return value


def _wrapped_item(item: Any) -> Any:
    if isinstance(item, list):
        return {_LIST: _wrapped(item)}
    if isinstance(item, dict) and item.keys() in ({_LIST}, {_MAP}):
        return {_MAP: _wrapped(item)}  # so that a genuine map is never taken for a wrapper
    return _wrapped(item)


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unwrapped_item(item) for item in value]
    return value


def _unwrapped_item(item: Any) -> Any:
    if isinstance(item, dict) and item.keys() in ({_LIST}, {_MAP}):
        return _unwrapped(next(iter(item.values())))
    return _unwrapped(item)
