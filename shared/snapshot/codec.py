"""A manifest's bytes: one line of JSON that describes the body, then the compressed body.

The head holds format, engine, the body's length and the BLAKE2b-256 of the body as stored, and is
accepted only in exactly the spelling that this module writes: a flipped bit anywhere is seen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot import layout, rows
from shared.snapshot.manifest import DIGEST_BYTES, ENGINE, FORMAT, Block, Chunk, Manifest, Pack

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MANIFEST_BYTES = 256 << 20
MAX_BODY_BYTES = 1 << 30
_MAX_HEAD_BYTES = 4096
_FIELDS = {
    "snapshot_id",
    "created_at",
    "prefix",
    "parent_key",
    "packs",
    "blocks",
    "chunks",
    "entries",
    "skipped",
}


@dataclass(frozen=True, slots=True)
class _Head:
    format: int
    engine: str
    body_bytes: int
    stored_bytes: int
    blake2b: str

    def encoded(self) -> bytes:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def encode(manifest: Manifest) -> bytes:
    """The object that is stored under `manifest.key`. Raises SnapshotCorrupt for a bad one."""
    layout.check(manifest)
    body = json.dumps(_body(manifest), separators=(",", ":")).encode()
    if len(body) > MAX_BODY_BYTES:
        raise SnapshotCorrupt("the tree has too many entries for this format")
    stored = zlib.compress(body, 1)
    head = _Head(manifest.format, manifest.engine, len(body), len(stored), _hash(stored))
    return head.encoded() + stored


def decode(content: bytes) -> Manifest:
    """The manifest, checked whole. Raises SnapshotCorrupt."""
    line, _, stored = content.partition(b"\n")
    head = _decode_head(line)
    if len(stored) != head.stored_bytes or _hash(stored) != head.blake2b:
        raise SnapshotCorrupt("the manifest's body is not what its head promises")
    try:
        manifest = _decode_body(_inflate(stored, head.body_bytes))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise SnapshotCorrupt(f"the manifest cannot be parsed: {error}") from error
    layout.check(manifest)
    return manifest


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


def _decode_head(line: bytes) -> _Head:
    if len(line) > _MAX_HEAD_BYTES:
        raise SnapshotCorrupt("this is not a manifest")
    try:
        fields = rows.mapping(json.loads(line))
        head = _Head(
            format=rows.integer(fields["format"]),
            engine=rows.text(fields["engine"]),
            body_bytes=rows.integer(fields["body_bytes"], high=MAX_BODY_BYTES),
            stored_bytes=rows.integer(fields["stored_bytes"], high=MAX_MANIFEST_BYTES),
            blake2b=rows.text(fields["blake2b"]),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SnapshotCorrupt("this is not a manifest") from error
    if (head.format, head.engine) != (FORMAT, ENGINE):
        raise SnapshotCorrupt(f"unknown format {head.format} {head.engine!r}")
    if head.encoded() != line + b"\n":
        raise SnapshotCorrupt("the manifest's head was altered")
    return head


def _inflate(stored: bytes, size_bytes: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(stored, size_bytes + 1)
    except zlib.error as error:
        raise SnapshotCorrupt("the manifest's body cannot be decompressed") from error
    if len(body) != size_bytes or not inflater.eof:
        raise SnapshotCorrupt("the manifest's body has another length than its head promises")
    return body


def _body(manifest: Manifest) -> dict[str, object]:
    chunks = manifest.chunks
    return {
        "snapshot_id": manifest.snapshot_id,
        "created_at": manifest.created_at.isoformat(),
        "prefix": manifest.prefix,
        "parent_key": manifest.parent_key,
        "packs": [[p.key, p.size_bytes, p.md5] for p in manifest.packs],
        "blocks": [
            [b.pack, b.offset, b.stored_bytes, b.size_bytes, b.codec] for b in manifest.blocks
        ],
        "chunks": {
            "digests": base64.b64encode(b"".join(c.digest for c in chunks)).decode(),
            "places": [[c.block, c.offset, c.size_bytes] for c in chunks],
        },
        "entries": [rows.encode_entry(entry) for entry in manifest.entries],
        "skipped": [[rows.encode_path(s.path), s.reason] for s in manifest.skipped],
    }


def _decode_body(body: bytes) -> Manifest:
    fields = rows.mapping(json.loads(body))
    if set(fields) != _FIELDS:
        raise SnapshotCorrupt("the manifest has other fields than its format")
    parent = fields["parent_key"]
    return Manifest(
        snapshot_id=rows.text(fields["snapshot_id"]),
        created_at=rows.moment(fields["created_at"]),
        prefix=rows.text(fields["prefix"]),
        parent_key=None if parent is None else rows.text(parent),
        packs=tuple(map(_pack, rows.sequence(fields["packs"]))),
        blocks=tuple(map(_block, rows.sequence(fields["blocks"]))),
        chunks=_chunks(rows.mapping(fields["chunks"])),
        entries=tuple(map(rows.decode_entry, rows.sequence(fields["entries"]))),
        skipped=tuple(map(rows.decode_skipped, rows.sequence(fields["skipped"]))),
    )


def _pack(row: object) -> Pack:
    key, size_bytes, md5 = rows.sequence(row)
    return Pack(rows.text(key), rows.integer(size_bytes), rows.text(md5))


def _block(row: object) -> Block:
    pack, offset, stored_bytes, size_bytes, codec = rows.sequence(row)
    return Block(
        rows.integer(pack),
        rows.integer(offset),
        rows.integer(stored_bytes),
        rows.integer(size_bytes),
        rows.text(codec),
    )


def _chunks(columns: Mapping[str, object]) -> tuple[Chunk, ...]:
    digests = base64.b64decode(rows.text(columns["digests"]), validate=True)
    places = rows.sequence(columns["places"])
    if len(digests) != len(places) * DIGEST_BYTES:
        raise SnapshotCorrupt("the manifest's chunks and digests do not pair")
    return tuple(
        _chunk(digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES], place)
        for number, place in enumerate(places)
    )


def _chunk(digest: bytes, place: object) -> Chunk:
    block, offset, size_bytes = rows.sequence(place)
    return Chunk(digest, rows.integer(block), rows.integer(offset), rows.integer(size_bytes))
