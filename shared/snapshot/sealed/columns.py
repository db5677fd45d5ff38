"""Columns of numbers as bytes that compress well, and parts of bytes behind each other.

A column is 64-bit little-endian numbers, written byte plane by byte plane: the upper planes of
neighbours are alike. Decoders raise SnapshotCorrupt for what they cannot have written.
"""

from __future__ import annotations

import itertools
import operator
import struct
import sys
from array import array
from typing import TYPE_CHECKING, TypeVar

from shared.domain.errors import SnapshotCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WIDTH = 8
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1
_LENGTH = struct.Struct("<Q")

_Column = TypeVar("_Column", "array[int]", "list[int]")


def encode_numbers(values: Iterable[int]) -> bytes:
    """Raises SnapshotCorrupt for a number that needs more than 63 bits."""
    try:
        column = array("q", values)
    except OverflowError as error:
        raise SnapshotCorrupt("a number is too big for a snapshot") from error
    return _encoded(column)


def _encoded(column: array[int]) -> bytes:
    if sys.byteorder == "big":
        column.byteswap()
    raw = column.tobytes()
    return b"".join(raw[plane::_WIDTH] for plane in range(_WIDTH))


def decode_numbers(content: bytes, low: int, high: int) -> array[int]:
    """Numbers that all lie in [low, high]."""
    return _within(_decoded(content), low, high)


def _decoded(content: bytes) -> array[int]:
    if len(content) % _WIDTH:
        raise SnapshotCorrupt("a column of the snapshot has half a number")
    count = len(content) // _WIDTH
    raw = bytearray(len(content))
    zeros = bytes(count)
    for plane in range(_WIDTH):
        part = content[plane * count : (plane + 1) * count]
        if part != zeros:
            raw[plane::_WIDTH] = part
    column = array("q", bytes(raw))
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _within(column: _Column, low: int, high: int) -> _Column:
    if column and not (min(column) >= low and max(column) <= high):
        raise SnapshotCorrupt("a number of the snapshot is out of range")
    return column


def encode_deltas(values: Sequence[int]) -> bytes:
    """Each as what it is more than the one before, modulo 2**64."""
    try:
        return _encoded(array("q", _steps(values)))
    except OverflowError:
        return encode_numbers(map(_signed, _steps(values)))


def _steps(values: Sequence[int]) -> Iterable[int]:
    return map(operator.sub, values, itertools.chain((0,), values))


def decode_deltas(content: bytes, low: int, high: int) -> list[int]:
    """Numbers that all lie in [low, high], which are no more than 64 bits."""
    column = list(itertools.accumulate(_decoded(content)))
    if column and not (min(column) >= _LOWEST and max(column) <= _HIGHEST):
        column = list(map(_signed, column))
    return _within(column, low, high)


def _signed(value: int) -> int:
    if _LOWEST <= value <= _HIGHEST:
        return value
    return (value - _LOWEST) % (1 << 64) + _LOWEST


def join(parts: Sequence[bytes]) -> bytes:
    return b"".join(each for part in parts for each in (_LENGTH.pack(len(part)), part))


def split(content: bytes, count: int) -> list[bytes]:
    """Exactly `count` parts that fill the content."""
    parts: list[bytes] = []
    at = 0
    for _ in range(count):
        if at + _LENGTH.size > len(content):
            raise SnapshotCorrupt("the snapshot ends too early")
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        if length > len(content) - at:
            raise SnapshotCorrupt("a part of the snapshot reaches beyond its end")
        parts.append(content[at : at + length])
        at += length
    if at != len(content):
        raise SnapshotCorrupt("the snapshot has more than its parts")
    return parts


def encode_names(names: Sequence[bytes]) -> bytes:
    """Byte strings without a zero byte, ended by one each."""
    return b"".join(name + b"\0" for name in names)


def decode_names(content: bytes, count: int) -> list[bytes]:
    names = content.split(b"\0")
    if names.pop() != b"" or len(names) != count:
        raise SnapshotCorrupt("the snapshot has another number of names than of entries")
    return names
