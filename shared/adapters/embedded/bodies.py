"""A value's document as JSON text and back: what `codec` says, by faster hands."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import orjson

from shared.adapters import codec
from shared.domain.errors import StoreError

if TYPE_CHECKING:
    from shared.ports.store import Collection, Document

T = TypeVar("T")


def body_of(collection: Collection[T], value: T) -> str:
    """Raises StoreError for a value that no store can hold."""
    return text_of(codec.encode(collection, value))


def value_of(collection: Collection[T], body: str) -> T:
    """Raises UnknownSchema, and StoreError for what cannot be read.

    Today's schema stands at the end of what `body_of` wrote. Whatever is not plainly today's
    goes through the codec, for its upcasting and its errors.
    """
    if body.endswith(f'"{codec.SCHEMA}":{collection.schema}}}'):
        try:
            kind: Any = collection.of
            value: T = _decoder(kind).decode(body)
        except msgspec.ValidationError:
            return codec.decode(collection, document_of(body))
        return value
    return codec.decode(collection, document_of(body))


def document_of(body: str) -> Document:
    """Raises StoreError for what is no JSON."""
    try:
        document: Document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"a document is no JSON: {error}") from error
    return document


def text_of(document: Document) -> str:
    """Raises StoreError for what JSON cannot say."""
    try:
        return orjson.dumps(document).decode()
    except orjson.JSONEncodeError as error:
        raise StoreError(f"a document cannot be written: {error}") from error


_making = threading.Lock()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}  # by kind; there are as many as collections


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """Made by one thread at a time: msgspec leaves what it has half learnt of a class where
    another thread finds it, and the process dies of that.
    """
    known = _decoders.get(kind)
    if known is None:
        with _making:
            known = _decoders.get(kind) or msgspec.json.Decoder(kind)
            _decoders[kind] = known
    return known
