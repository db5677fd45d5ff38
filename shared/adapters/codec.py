"""Dataclasses to plain documents and back: the one place where both stores' format is decided.

A document holds text, numbers, booleans, null, lists and maps by text only, and the number of
its `schema`. Moments are fixed-width text in UTC, so that the order of the text is the order
of time.
"""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin

from cattrs import Converter
from cattrs.fns import identity
from cattrs.strategies import configure_union_passthrough

from shared.domain.errors import StoreError, UnknownSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.store import Collection, Document, Scalar

T = TypeVar("T")
Plain = str | int | float | bool | None

SCHEMA = "schema"
UNVERSIONED = 0  # made by increments alone; read as today's schema, see decode
_OFFSET_WIDTH = len("+00:00")
_TIME_WIDTH = len("2026-01-02T03:04:05.000006Z")


@lru_cache(maxsize=16_384)  # a document is saved many times, its moments are mostly the same
def time_text(moment: datetime) -> str:
    """`2026-01-02T03:04:05.000006Z`. Raises StoreError for a moment without a time zone."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise StoreError(f"the moment {moment!r} has no time zone")
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-_OFFSET_WIDTH] + "Z"


def parse_time(text: str) -> datetime:
    """The reverse of `time_text`. Raises ValueError for any other form."""
    if len(text) != _TIME_WIDTH or not text.endswith("Z"):
        raise ValueError(f"not a moment: {text!r}")
    return datetime.fromisoformat(text)


def plain(value: Scalar) -> Plain:
    """A query's value as it stands in documents."""
    if isinstance(value, datetime):
        return time_text(value)
    return value


def encode(collection: Collection[T], value: T) -> Document:
    """The document of a value. Raises StoreError for one that no store can hold."""
    document: Document = _CONVERTER.unstructure(value, unstructure_as=collection.of)
    document[SCHEMA] = collection.schema
    return document


def decode(collection: Collection[T], document: Document) -> T:
    """The value of a document, brought up to today's schema. Names that we do not know are dropped.

    A document of newer code, or with a word of it, raises UnknownSchema; any other that
    cannot be read raises StoreError. One made by increments alone has schema 0 and is not
    upcast: it names only counters, and a counter is never renamed.
    """
    try:
        return _CONVERTER.structure(_upcast(collection, document), collection.of)
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(f"a document of {collection.name} cannot be read: {error!r}") from error


def _upcast(collection: Collection[T], document: Document) -> Document:
    schema = document.get(SCHEMA)
    if not isinstance(schema, int) or schema < UNVERSIONED:
        raise StoreError(f"a document of {collection.name} has schema {schema!r}")
    if schema > collection.schema:
        raise UnknownSchema(f"a document of {collection.name} has the newer schema {schema}")
    if schema == UNVERSIONED:
        return document
    for upcast in collection.upcasters[schema - 1 : collection.schema - 1]:
        document = upcast(dict(document))
    return document


def _structure_exact(value: object, kind: type[Any]) -> Any:
    if type(value) is kind:
        return value
    if issubclass(kind, Enum):  # one that is text or a number as well comes here
        return _structure_enum(value, kind)
    raise TypeError(f"{value!r} is not of type {kind.__name__}")


def _structure_float(value: object, _: type[float]) -> float:
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _structure_enum(value: object, kind: type[Enum]) -> Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise UnknownSchema(f"{value!r} is no {kind.__name__} that we know") from error


def _structure_literal(value: object, kind: Any) -> object:
    if value not in get_args(kind):
        raise UnknownSchema(f"{value!r} is none of {get_args(kind)}")
    return value


def _structure_time(text: str, _: type[datetime]) -> datetime:
    return parse_time(text)


def _optional(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """The general hooks look a type's own hook up at every value; these two, once."""
    (inner,) = (each for each in get_args(kind) if each is not NoneType)
    hook = converter.get_structure_hook(inner)
    return lambda value, _: None if value is None else hook(value, inner)


def _optional_to_plain(kind: Any, converter: Converter) -> Callable[[Any], Any]:
    """As above; what is plain already needs no hook at all."""
    (inner,) = (each for each in get_args(kind) if each is not NoneType)
    hook = converter.get_unstructure_hook(inner)
    return hook if hook is identity else lambda value: None if value is None else hook(value)


def _tuple_of(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    inner = get_args(kind)[0]
    hook = converter.get_structure_hook(inner)
    return lambda values, _: tuple([hook(each, inner) for each in values])


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in {Union, UnionType} and (
        len(get_args(kind)) == 2 and NoneType in get_args(kind)
    )


def _is_tuple_of(kind: Any) -> bool:
    return get_origin(kind) is tuple and get_args(kind)[1:] == (Ellipsis,)


def _is_literal(kind: Any) -> bool:
    return get_origin(kind) is Literal


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise StoreError(f"{value!r} cannot be stored")
    return value


def _converter() -> Converter:
    # Detailed validation wraps every error in a group; one plain error is all that is told.
    converter = Converter(
        detailed_validation=False,
        unstruct_collection_overrides={AbstractSet: sorted, frozenset: sorted, tuple: list},
    )
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _structure_exact)
    converter.register_structure_hook(float, _structure_float)
    converter.register_unstructure_hook(float, _finite)
    converter.register_unstructure_hook(datetime, time_text)
    converter.register_structure_hook(datetime, _structure_time)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda text, _: date.fromisoformat(text))
    configure_union_passthrough(str | int | float | bool | None, converter)
    converter.register_structure_hook_func(
        lambda kind: isinstance(kind, type) and issubclass(kind, Enum), _structure_enum
    )
    converter.register_structure_hook_func(_is_literal, _structure_literal)
    converter.register_structure_hook_factory(_is_optional, _optional)
    converter.register_unstructure_hook_factory(_is_optional, _optional_to_plain)
    converter.register_structure_hook_factory(_is_tuple_of, _tuple_of)
    return converter


_CONVERTER = _converter()
