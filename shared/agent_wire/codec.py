"""Messages to JSON and back, strictly, with the standard library alone (Python 3.10+).

Fields that a message does not know are ignored, because the other side may be newer; a field
that is missing without a default, or of another type, is a WireError.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")

MAX_TEXT = 65_536


class WireError(ValueError):
    """The text is not this message."""


def encode(message: Any) -> bytes:
    """Compact JSON of a message dataclass, without what the other side assumes of itself."""
    kind: Any = type(message)
    said = dataclasses.asdict(message)
    for name, assumed in _assumed(kind):
        if getattr(message, name) == assumed:
            del said[name]
    return json.dumps(said, separators=(",", ":")).encode()


@functools.cache
def _assumed(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Its fields that may be left out, and what is taken for them then."""
    return tuple(
        (f.name, f.default)
        for f in dataclasses.fields(kind)
        if f.default is not dataclasses.MISSING
    )


def decode(kind: type[T], text: bytes | str) -> T:
    """The message, or WireError."""
    try:
        parsed = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error
    return build(kind, parsed)


def build(kind: type[T], parsed: Any) -> T:
    """A message from parsed JSON, or WireError."""
    return typing.cast("T", _build(kind, parsed, kind.__name__))


def _no_constant(name: str) -> Any:
    raise WireError(f"{name} is not JSON")


@functools.cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Any, bool], ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        (
            f.name,
            hints[f.name],
            f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING,
        )
        for f in dataclasses.fields(kind)
    )


def _build(kind: Any, value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _build_message(kind, value, path)
    origin = typing.get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        return _build_optional(kind, value, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise WireError(f"{path}: a list is wanted")
        item = typing.get_args(kind)[0]
        return tuple(_build(item, each, f"{path}[{n}]") for n, each in enumerate(value))
    if origin is dict:
        return _build_text_map(value, path)
    return _build_scalar(kind, value, path)


def _build_message(kind: Any, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise WireError(f"{path}: an object is wanted")
    found = {}
    for name, hint, required in _fields(kind):
        if name in value:
            found[name] = _build(hint, value[name], f"{path}.{name}")
        elif required:
            raise WireError(f"{path}.{name} is missing")
    try:
        return kind(**found)
    except (ValueError, TypeError) as error:
        raise WireError(f"{path}: {error}") from error


def _build_optional(kind: Any, value: Any, path: str) -> Any:
    if value is None:
        return None
    (inner,) = (each for each in typing.get_args(kind) if each is not type(None))
    return _build(inner, value, path)


def _build_text_map(value: Any, path: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise WireError(f"{path}: an object is wanted")
    return {key: _build_scalar(str, each, f"{path}.{key}") for key, each in value.items()}


def _build_scalar(kind: Any, value: Any, path: str) -> Any:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise WireError(f"{path}: not a number")
        return float(value)
    if type(value) is not kind:
        raise WireError(f"{path}: {kind.__name__} is wanted")
    if kind is str and len(value) > MAX_TEXT:
        raise WireError(f"{path}: longer than {MAX_TEXT} characters")
    return value
