"""How entries become JSON rows and come back; every value's type and range is checked.

Paths are written as UTF-8 text; bytes that are not UTF-8 become lone surrogates (PEP 383).
The decoders raise ValueError, TypeError or SnapshotCorrupt for what is not a row of ours.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.manifest import (
    Attributes,
    Folder,
    HardLink,
    Piece,
    Pipe,
    Regular,
    Skipped,
    Symlink,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.snapshot.manifest import Entry

_LARGEST = (1 << 63) - 1
_LARGEST_INODE = (1 << 64) - 1
_LARGEST_ID = (1 << 32) - 2  # -1 means "leave it" to chown
_ALL_MODE_BITS = 0o7777


def integer(value: object, *, low: int = 0, high: int = _LARGEST) -> int:
    # bool is an int to isinstance, but not to a format
    if type(value) is not int or not low <= value <= high:
        raise SnapshotCorrupt("a number of the manifest is out of range")
    return value


def text(value: object) -> str:
    if not isinstance(value, str):
        raise SnapshotCorrupt("the manifest has something else where text belongs")
    return value


def sequence(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise SnapshotCorrupt("the manifest has something else where a list belongs")
    return value


def mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SnapshotCorrupt("the manifest has something else where an object belongs")
    return value


def moment(value: object) -> datetime:
    parsed = datetime.fromisoformat(text(value))
    if parsed.utcoffset() is None:
        raise SnapshotCorrupt("a time of the manifest has no zone")
    return parsed


def encode_path(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def decode_path(value: object) -> bytes:
    return text(value).encode("utf-8", "surrogateescape")


def encode_entry(entry: Entry) -> list[object]:
    path = encode_path(entry.path)
    if isinstance(entry, HardLink):
        return ["h", path, encode_path(entry.target)]
    attributes = _encode_attributes(entry.attributes)
    if isinstance(entry, Folder):
        return ["d", path, attributes]
    if isinstance(entry, Pipe):
        return ["p", path, attributes]
    if isinstance(entry, Symlink):
        return ["l", path, attributes, encode_path(entry.target)]
    pieces = [number for piece in entry.pieces for number in (piece.offset, piece.chunk)]
    times = [entry.ctime_ns, entry.inode]
    return ["f", path, attributes, entry.size_bytes, pieces, times, int(entry.torn)]


def decode_entry(row: object) -> Entry:
    kind, path, *rest = sequence(row)
    where = decode_path(path)
    if kind == "h":
        (target,) = rest
        return HardLink(where, decode_path(target))
    attributes = _decode_attributes(rest[0] if rest else None)
    if kind == "f":
        return _decode_regular(where, attributes, rest[1:])
    if kind == "l":
        (target,) = rest[1:]
        return Symlink(where, attributes, _decode_target(target))
    if kind in ("d", "p") and len(rest) == 1:
        return Folder(where, attributes) if kind == "d" else Pipe(where, attributes)
    raise SnapshotCorrupt(f"the manifest has an entry of unknown kind {kind!r}")


def decode_skipped(row: object) -> Skipped:
    path, reason = sequence(row)
    return Skipped(decode_path(path), text(reason))


def _decode_target(value: object) -> bytes:
    target = decode_path(value)
    if not target or b"\0" in target:
        raise SnapshotCorrupt("a symlink of the manifest has no possible target")
    return target


def _decode_regular(path: bytes, attributes: Attributes, rest: Sequence[object]) -> Regular:
    size_bytes, pieces, times, torn = rest
    ctime_ns, inode = sequence(times)
    numbers = [integer(number) for number in sequence(pieces)]
    if len(numbers) % 2:
        raise SnapshotCorrupt("a file of the manifest has half a piece")
    return Regular(
        path=path,
        attributes=attributes,
        size_bytes=integer(size_bytes),
        ctime_ns=integer(ctime_ns, low=-_LARGEST),
        inode=integer(inode, high=_LARGEST_INODE),
        pieces=tuple(map(Piece, numbers[::2], numbers[1::2])),
        torn=bool(integer(torn, high=1)),
    )


def _encode_attributes(attributes: Attributes) -> list[object]:
    row: list[object] = [
        attributes.mode,
        attributes.uid,
        attributes.gid,
        attributes.mtime_ns,
    ]
    if attributes.xattrs:
        row.append([[encode_path(n), base64.b64encode(v).decode()] for n, v in attributes.xattrs])
    return row


def _decode_attributes(row: object) -> Attributes:
    mode, uid, gid, mtime_ns, *rest = sequence(row)
    (xattrs,) = rest or ([],)
    return Attributes(
        mode=integer(mode, high=_ALL_MODE_BITS),
        uid=integer(uid, high=_LARGEST_ID),
        gid=integer(gid, high=_LARGEST_ID),
        mtime_ns=integer(mtime_ns, low=-_LARGEST),
        xattrs=tuple(map(decode_xattr, sequence(xattrs))),
    )


def decode_xattr(row: object) -> tuple[bytes, bytes]:
    name, value = sequence(row)
    encoded = decode_path(name)
    if not encoded.startswith(b"user.") or b"\0" in encoded:
        raise SnapshotCorrupt("the manifest has an attribute that is not the user's")
    return encoded, base64.b64decode(text(value), validate=True)
