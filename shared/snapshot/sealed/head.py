"""A manifest's head: what its objects are, for whoever has no key. Standard library only.

    dumont-snapshot 2 <BLAKE2b-256 in hex of everything behind this line>
    {"format":2, ...}
    <sealed body>

A flipped bit anywhere is seen without a key; that the head is the one that was written with the
body is proved with one, since the body's seal covers the head.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot import layout, rows
from shared.snapshot.manifest import Pack, manifest_key, workspace_root
from shared.snapshot.sealed.model import (
    ENGINE,
    FORMAT,
    MAX_PACK_BYTES,
    IndexObject,
    SealedObject,
    WrappedKey,
)

MAGIC = b"dumont-snapshot 2 "
MAX_BODY_BYTES = 1 << 30
MAX_INDEX_BYTES = 1 << 29
MAX_MANIFEST_BYTES = 1 << 29
_MAX_KEYS = 1 << 12
_MAX_CHUNKS = 1 << 28
_MAX_WRAPPED_BYTES = 1 << 10
_LINE_BYTES = len(MAGIC) + 64
_FIELDS = {
    "format",
    "engine",
    "snapshot_id",
    "created_at",
    "prefix",
    "parent_key",
    "size_bytes",
    "files",
    "keys",
    "key_number",
    "packs",
    "indexes",
    "body_bytes",
}


@dataclass(frozen=True, slots=True)
class Head:
    """`key_number` opens the body, whose length once decompressed is `body_bytes`."""

    snapshot_id: str
    created_at: datetime
    prefix: str
    parent_key: str | None
    size_bytes: int
    files: int
    keys: tuple[WrappedKey, ...]
    key_number: int
    packs: tuple[SealedObject, ...]
    indexes: tuple[IndexObject, ...]
    body_bytes: int

    @property
    def key(self) -> str:
        return manifest_key(self.prefix, self.snapshot_id)

    @property
    def objects(self) -> tuple[Pack, ...]:
        """Everything but the manifest that a restore needs."""
        indexes = (index.sealed.pack for index in self.indexes)
        return tuple(dict.fromkeys((*(sealed.pack for sealed in self.packs), *indexes)))


def is_ours(content: bytes) -> bool:
    return content.startswith(MAGIC)


def encode(head: Head) -> bytes:
    """The head's line, which the body's seal covers. Raises SnapshotCorrupt for a bad one."""
    _check(head)
    fields = {
        "format": FORMAT,
        "engine": ENGINE,
        "snapshot_id": head.snapshot_id,
        "created_at": head.created_at.isoformat(),
        "prefix": head.prefix,
        "parent_key": head.parent_key,
        "size_bytes": head.size_bytes,
        "files": head.files,
        "keys": [[k.prefix, base64.b64encode(k.wrapped).decode()] for k in head.keys],
        "key_number": head.key_number,
        "packs": [_row(sealed) for sealed in head.packs],
        "indexes": [[*_row(index.sealed), index.chunks] for index in head.indexes],
        "body_bytes": head.body_bytes,
    }
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def enclose(line: bytes, sealed_body: bytes) -> bytes:
    """The whole object."""
    check = _hash(line, sealed_body).encode()
    return b"".join((MAGIC, check, b"\n", line, sealed_body))


def decode(content: bytes) -> tuple[Head, bytes, bytes]:
    """Head, the line that the seal covers, and the sealed body. Raises SnapshotCorrupt."""
    first, rest = content[: _LINE_BYTES + 1], content[_LINE_BYTES + 1 :]
    end = rest.find(b"\n") + 1
    line, body = rest[:end], rest[end:]
    if not is_ours(content) or not first.endswith(b"\n") or not end:
        raise SnapshotCorrupt("this is not a manifest")
    if first[len(MAGIC) : -1] != _hash(line, body).encode():
        raise SnapshotCorrupt("the manifest is not what its first line promises")
    try:
        head = _decoded(line)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise SnapshotCorrupt(f"the manifest cannot be parsed: {error}") from error
    _check(head)
    return head, line, body


def _hash(line: bytes, body: bytes) -> str:
    digest = hashlib.blake2b(line, digest_size=32)
    digest.update(body)
    return digest.hexdigest()


def _row(sealed: SealedObject) -> list[object]:
    return [sealed.pack.key, sealed.pack.size_bytes, sealed.pack.md5, sealed.key_number]


def _decoded(line: bytes) -> Head:
    fields = rows.mapping(json.loads(line))
    if (fields.get("format"), fields.get("engine")) != (FORMAT, ENGINE):
        raise SnapshotCorrupt(f"unknown format {fields.get('format')} {fields.get('engine')!r}")
    if set(fields) != _FIELDS:
        raise SnapshotCorrupt("the manifest has other fields than its format")
    parent = fields["parent_key"]
    return Head(
        snapshot_id=rows.text(fields["snapshot_id"]),
        created_at=rows.moment(fields["created_at"]),
        prefix=rows.text(fields["prefix"]),
        parent_key=None if parent is None else rows.text(parent),
        size_bytes=rows.integer(fields["size_bytes"]),
        files=rows.integer(fields["files"]),
        keys=tuple(map(_key, rows.sequence(fields["keys"]))),
        key_number=rows.integer(fields["key_number"]),
        packs=tuple(map(_sealed, rows.sequence(fields["packs"]))),
        indexes=tuple(map(_index, rows.sequence(fields["indexes"]))),
        body_bytes=rows.integer(fields["body_bytes"], high=MAX_BODY_BYTES),
    )


def _key(row: object) -> WrappedKey:
    prefix, wrapped = rows.sequence(row)
    return WrappedKey(rows.text(prefix), base64.b64decode(rows.text(wrapped), validate=True))


def _sealed(row: object) -> SealedObject:
    key, size_bytes, md5, number = rows.sequence(row)
    pack = Pack(rows.text(key), rows.integer(size_bytes), rows.text(md5))
    return SealedObject(pack, rows.integer(number))


def _index(row: object) -> IndexObject:
    *sealed, chunks = rows.sequence(row)
    return IndexObject(_sealed(sealed), rows.integer(chunks, high=_MAX_CHUNKS))


def _check(head: Head) -> None:
    if not layout.is_prefix(head.prefix) or not layout.is_snapshot_id(head.snapshot_id):
        raise SnapshotCorrupt("the manifest's prefix or id is not one of ours")
    root = workspace_root(head.prefix)
    if not 0 <= head.key_number < len(head.keys) <= _MAX_KEYS:
        raise SnapshotCorrupt("the manifest names no key for its body")
    for key in head.keys:
        if not (layout.is_prefix(key.prefix) and len(key.wrapped) <= _MAX_WRAPPED_BYTES):
            raise SnapshotCorrupt("the manifest has a key that is not one of ours")
    for sealed, largest in (
        *((sealed, MAX_PACK_BYTES) for sealed in head.packs),
        *((index.sealed, MAX_INDEX_BYTES) for index in head.indexes),
    ):
        _check_object(sealed, largest, root, len(head.keys))


_MD5 = re.compile(r"[0-9a-f]{32}")


def _check_object(sealed: SealedObject, largest: int, root: str, keys: int) -> None:
    pack = sealed.pack
    if not (layout.is_key(pack.key) and pack.key.startswith(root)):
        raise SnapshotCorrupt(f"{pack.key!r} lies outside {root}")
    if not (0 < pack.size_bytes <= largest and _MD5.fullmatch(pack.md5)):
        raise SnapshotCorrupt(f"{pack.key} has an impossible size or checksum")
    if not 0 <= sealed.key_number < keys:
        raise SnapshotCorrupt(f"{pack.key} is sealed with no key that the manifest names")
