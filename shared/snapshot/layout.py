"""Which manifests are refused, whoever wrote them.

A restore writes wherever a manifest points, so every rule here keeps it inside its folder, and
every bound keeps a hostile manifest from costing more memory than an honest one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.manifest import (
    CODEC_RAW,
    CODEC_ZLIB,
    DIGEST_BYTES,
    ENGINE,
    FORMAT,
    MAX_BLOCK_BYTES,
    MAX_PACK_BYTES,
    SIDE_NAME_PREFIX,
    Folder,
    HardLink,
    Regular,
    workspace_root,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.snapshot.manifest import Block, Chunk, Entry, Manifest, Pack

MAX_NAME_BYTES = 255
_KEY = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)+")
_SNAPSHOT_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_MD5 = re.compile(r"[0-9a-f]{32}")


def check(manifest: Manifest) -> None:
    """Raises SnapshotCorrupt unless every reference, bound and path of the manifest holds."""
    if (manifest.format, manifest.engine) != (FORMAT, ENGINE):
        raise SnapshotCorrupt(f"unknown format {manifest.format} {manifest.engine!r}")
    if not is_prefix(manifest.prefix) or not is_snapshot_id(manifest.snapshot_id):
        raise SnapshotCorrupt("the manifest's prefix or id is not one of ours")
    root = workspace_root(manifest.prefix)
    for pack in manifest.packs:
        _check_pack(pack, root)
    for block in manifest.blocks:
        _check_block(block, manifest.packs)
    for chunk in manifest.chunks:
        _check_chunk(chunk, manifest.blocks)
    _check_tree(manifest)


def is_prefix(prefix: str) -> bool:
    return _PREFIX.fullmatch(prefix) is not None


def is_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None


def is_snapshot_id(snapshot_id: str) -> bool:
    return _SNAPSHOT_ID.fullmatch(snapshot_id) is not None


def _check_pack(pack: Pack, root: str) -> None:
    if not (is_key(pack.key) and pack.key.startswith(root)):
        raise SnapshotCorrupt(f"pack {pack.key!r} lies outside {root}")
    if not (0 < pack.size_bytes <= MAX_PACK_BYTES and _MD5.fullmatch(pack.md5)):
        raise SnapshotCorrupt(f"pack {pack.key} has an impossible size or checksum")


def _check_block(block: Block, packs: tuple[Pack, ...]) -> None:
    sane = (
        0 <= block.pack < len(packs)
        and block.offset >= 0
        and block.stored_bytes > 0
        and 0 < block.size_bytes <= MAX_BLOCK_BYTES
        and block.stored_bytes <= block.size_bytes
        and block.offset + block.stored_bytes <= packs[block.pack].size_bytes
        and block.codec in (CODEC_RAW, CODEC_ZLIB)
        and (block.codec != CODEC_RAW or block.stored_bytes == block.size_bytes)
    )
    if not sane:
        raise SnapshotCorrupt("a block lies outside its pack")


def _check_chunk(chunk: Chunk, blocks: tuple[Block, ...]) -> None:
    sane = (
        0 <= chunk.block < len(blocks)
        and len(chunk.digest) == DIGEST_BYTES
        and chunk.offset >= 0
        and chunk.size_bytes > 0
        and chunk.offset + chunk.size_bytes <= blocks[chunk.block].size_bytes
    )
    if not sane:
        raise SnapshotCorrupt("a chunk lies outside its block")


def _check_tree(manifest: Manifest) -> None:
    if not manifest.entries or manifest.entries[0].path != b"":
        raise SnapshotCorrupt("the manifest does not begin with its root")
    seen: dict[bytes, Entry] = {}
    for entry in manifest.entries:
        _check_place(entry, seen)
        if isinstance(entry, HardLink):
            _check_link(entry, seen)
        elif isinstance(entry, Regular):
            _check_pieces(entry, manifest.chunks)
        seen[entry.path] = entry


def _check_place(entry: Entry, seen: dict[bytes, Entry]) -> None:
    """An entry lies in a folder that came before it, under a name that nothing else has.

    This alone rules out writing through a symlink, and one path as a file and a folder.
    """
    if entry.path in seen:
        raise SnapshotCorrupt(f"{entry.path!r} is named twice")
    if entry.path == b"":
        if not isinstance(entry, Folder):
            raise SnapshotCorrupt("the root is not a folder")
        return
    parent, _, name = entry.path.rpartition(b"/")
    if not is_name(name) or entry.path.startswith(b"/"):
        raise SnapshotCorrupt(f"{entry.path!r} is not a path inside a tree")
    if not isinstance(seen.get(parent), Folder):
        raise SnapshotCorrupt(f"{entry.path!r} does not lie in a folder of this snapshot")


def is_name(name: bytes) -> bool:
    return are_names((name,))


def are_names(names: Collection[bytes]) -> bool:
    """Whether each is one that an entry of a folder can have; looks at all of them at once."""
    lengths = set(map(len, names))
    if not lengths:
        return True
    if not (min(lengths) > 0 and max(lengths) <= MAX_NAME_BYTES):
        return False
    row = b"\0".join((b"", *names, b""))
    return row.count(b"\0") == len(names) + 1 and not any(
        wrong in row for wrong in (b"/", b"\0.\0", b"\0..\0", b"\0" + SIDE_NAME_PREFIX)
    )


def _check_link(entry: HardLink, seen: dict[bytes, Entry]) -> None:
    target = seen.get(entry.target)
    if target is None or isinstance(target, (Folder, HardLink)):
        raise SnapshotCorrupt(f"{entry.path!r} is a hard link to nothing that came before")


def _check_pieces(entry: Regular, chunks: tuple[Chunk, ...]) -> None:
    end = 0
    for piece in entry.pieces:
        if not 0 <= piece.chunk < len(chunks) or piece.offset < end:
            raise SnapshotCorrupt(f"{entry.path!r} has pieces out of order")
        end = piece.offset + chunks[piece.chunk].size_bytes
    if end > entry.size_bytes:
        raise SnapshotCorrupt(f"{entry.path!r} has pieces beyond its end")
