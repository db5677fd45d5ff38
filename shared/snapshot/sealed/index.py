"""The index of a backup: a sealed object that tells where its chunks lie."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot import layout, rows
from shared.snapshot.manifest import Pack
from shared.snapshot.sealed import body, columns
from shared.snapshot.sealed.head import MAX_BODY_BYTES
from shared.snapshot.sealed.model import MAX_PACK_BYTES, ZSTD, Chunks, WrappedKey
from shared.snapshot.sealed.sealing import compressed_whole, decompressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.snapshot.sealed.sealing import Sealer

_PLAIN_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class KeyedPack:
    """A pack and the key that opens it."""

    pack: Pack
    key: WrappedKey


def encode(packs: Sequence[KeyedPack], chunks: Chunks, sealer: Sealer, place: bytes) -> bytes:
    """The object's bytes."""
    keys = list(dict.fromkeys(each.key for each in packs))
    numbers = {key: number for number, key in enumerate(keys)}
    listed = {
        "keys": [[k.prefix, base64.b64encode(k.wrapped).decode()] for k in keys],
        "packs": [[p.pack.key, p.pack.size_bytes, p.pack.md5, numbers[p.key]] for p in packs],
    }
    plain = columns.join([json.dumps(listed).encode(), body.encode_chunks(chunks)])
    return seal_plain(plain, sealer, place)


def decode(content: bytes, sealer: Sealer, place: bytes) -> tuple[list[KeyedPack], Chunks]:
    """Raises SnapshotCorrupt."""
    listed, encoded = columns.split(open_plain(content, sealer, place), 2)
    try:
        fields = rows.mapping(json.loads(listed))
        keys = [_key(row) for row in rows.sequence(fields["keys"])]
        packs = [_pack(row, keys) for row in rows.sequence(fields["packs"])]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise SnapshotCorrupt(f"an index cannot be parsed: {error}") from error
    return packs, body.decode_chunks(encoded, [each.pack.size_bytes for each in packs])


def seal_plain(plain: bytes, sealer: Sealer, place: bytes) -> bytes:
    """Compressed, with its length before, and sealed."""
    if len(plain) > MAX_BODY_BYTES:
        raise SnapshotCorrupt("the tree has too many entries for this format")
    length = len(plain).to_bytes(_PLAIN_LENGTH_BYTES, "little")
    return sealer.seal(length + compressed_whole(plain), place)


def open_plain(content: bytes, sealer: Sealer, place: bytes) -> bytes:
    """Raises SnapshotCorrupt."""
    opened = sealer.open(content, place)
    length = int.from_bytes(opened[:_PLAIN_LENGTH_BYTES], "little")
    if length > MAX_BODY_BYTES:
        raise SnapshotCorrupt("an object of the snapshot is too big")
    return decompressed(ZSTD, opened[_PLAIN_LENGTH_BYTES:], length)


def _key(row: object) -> WrappedKey:
    prefix, wrapped = rows.sequence(row)
    return WrappedKey(rows.text(prefix), base64.b64decode(rows.text(wrapped), validate=True))


def _pack(row: object, keys: list[WrappedKey]) -> KeyedPack:
    key, size_bytes, md5, number = rows.sequence(row)
    pack = Pack(rows.text(key), rows.integer(size_bytes, high=MAX_PACK_BYTES), rows.text(md5))
    if not layout.is_key(pack.key):
        raise SnapshotCorrupt("an index names a pack that is not one of ours")
    return KeyedPack(pack, keys[rows.integer(number, high=len(keys) - 1)])
