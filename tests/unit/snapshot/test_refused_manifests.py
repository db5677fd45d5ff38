"""A manifest is hostile until it was checked: it may point nowhere outside, nor swell."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.errors import SnapshotCorrupt, SnapshotError
from shared.snapshot.backup import backup
from shared.snapshot.codec import decode, encode
from shared.snapshot.manifest import (
    Attributes,
    Entry,
    Folder,
    HardLink,
    Manifest,
    Piece,
    Regular,
    Symlink,
)
from shared.snapshot.results import BackupTarget
from tests.unit.snapshot.stores import LONG_AGO
from tests.unit.snapshot.trees import bring_back, noise, silent, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.snapshot.stores import MemoryBlobs

PLAIN = Attributes(0o644, 0, 0, 0)


def empty_file(path: bytes) -> Regular:
    return Regular(path, PLAIN, 0, 1, 1, ())


HOSTILE_TREES: dict[str, tuple[Entry, ...]] = {
    "an absolute path": (empty_file(b"/tmp/planted"),),
    "a way up": (empty_file(b"../planted"),),
    "a way up from below": (Folder(b"a", PLAIN), empty_file(b"a/../../planted")),
    "a dot": (empty_file(b"."),),
    "a doubled slash": (Folder(b"a", PLAIN), empty_file(b"a//b")),
    "a trailing slash": (empty_file(b"a/"),),
    "a NUL": (empty_file(b"a\0b"),),
    "a name too long": (empty_file(b"x" * 256),),
    "a side name": (empty_file(b".dumont-part.0"),),
    "a way through a symlink": (Symlink(b"a", PLAIN, b"/etc"), empty_file(b"a/planted")),
    "a way through a file": (empty_file(b"a"), empty_file(b"a/b")),
    "a folder that is not there": (empty_file(b"a/b"),),
    "a folder that comes later": (empty_file(b"a/b"), Folder(b"a", PLAIN)),
    "one name twice": (empty_file(b"a"), empty_file(b"a")),
    "one name as file and folder": (Folder(b"a", PLAIN), empty_file(b"a")),
    "a second root": (Folder(b"", PLAIN),),
    "a link to nothing": (HardLink(b"a", b"b"),),
    "a link out": (HardLink(b"a", b"../../etc/passwd"),),
    "a link to a folder": (Folder(b"d", PLAIN), HardLink(b"a", b"d")),
    "a link to a link": (empty_file(b"a"), HardLink(b"b", b"a"), HardLink(b"c", b"b")),
    "a piece of nothing": (replace(empty_file(b"a"), size_bytes=9, pieces=(Piece(0, 999),)),),
    "a piece beyond the end": (replace(empty_file(b"a"), size_bytes=1, pieces=(Piece(0, 0),)),),
    "pieces that overlap": (
        replace(empty_file(b"a"), size_bytes=9_999, pieces=(Piece(0, 0), Piece(1, 0))),
    ),
}


@pytest.fixture
def honest(bare: Path, blobs: MemoryBlobs) -> Manifest:
    (bare / "file").write_bytes(noise(1, 3_000))
    return take(bare, blobs)[1]


@pytest.mark.parametrize("entries", HOSTILE_TREES.values(), ids=HOSTILE_TREES.keys())
def test_a_hostile_tree_is_refused_before_anything_is_written(
    honest: Manifest, blobs: MemoryBlobs, tmp_path: Path, into: Path, entries: tuple[Entry, ...]
) -> None:
    hostile = replace(honest, entries=(honest.entries[0], *entries))
    before = set(tmp_path.rglob("*"))

    with pytest.raises(SnapshotCorrupt):
        bring_back(hostile, blobs, into)

    assert set(tmp_path.rglob("*")) == before
    with pytest.raises(SnapshotCorrupt):
        encode(hostile)


def test_a_manifest_without_a_root_is_refused(
    honest: Manifest, blobs: MemoryBlobs, into: Path
) -> None:
    for entries in ((), honest.entries[1:], (replace(honest.entries[1], path=b""),)):
        with pytest.raises(SnapshotCorrupt, match="root"):
            bring_back(replace(honest, entries=entries), blobs, into)


def forged(manifest: Manifest, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The manifest with another body, and a head that is right for it."""
    _, _, stored = encode(manifest).partition(b"\n")
    fields = json.loads(zlib.decompress(stored))
    change(fields)
    return sealed(json.dumps(fields).encode())


def sealed(body: bytes, **other: object) -> bytes:
    stored = zlib.compress(body)
    digest = hashlib.blake2b(stored, digest_size=32).hexdigest()
    head = {"format": 1, "engine": "dumont-blocks-1", "body_bytes": len(body)}
    head |= {"stored_bytes": len(stored), "blake2b": digest} | other
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + stored


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another field": lambda m: m.update(extra=1),
    "a field less": lambda m: m.pop("skipped"),
    "an id that is a path": lambda m: m.update(snapshot_id="../x"),
    "a prefix that climbs": lambda m: m.update(prefix="snapshots/../other/1-r/"),
    "a prefix without an end": lambda m: m.update(prefix="snapshots/inst_1"),
    "a time without a zone": lambda m: m.update(created_at="2026-01-01T00:00:00"),
    "a time that is none": lambda m: m.update(created_at="yesterday"),
    "a pack of another instance": lambda m: m["packs"][0].__setitem__(0, "snapshots/inst_2/p"),
    "a pack that climbs": lambda m: m["packs"][0].__setitem__(0, "snapshots/inst_1/../inst_2/p"),
    "a pack of a terabyte": lambda m: m["packs"][0].__setitem__(1, 1 << 40),
    "a checksum that is none": lambda m: m["packs"][0].__setitem__(2, "0"),
    "a block beyond its pack": lambda m: m["blocks"][0].__setitem__(1, 1 << 20),
    "a block of no pack": lambda m: m["blocks"][0].__setitem__(0, 7),
    "a block that swells": lambda m: m["blocks"][0].__setitem__(3, 1 << 30),
    "a codec unknown": lambda m: m["blocks"][0].__setitem__(4, "lzma"),
    "a chunk beyond its block": lambda m: m["chunks"]["places"][0].__setitem__(2, 1 << 20),
    "a chunk of nothing": lambda m: m["chunks"]["places"][0].__setitem__(2, 0),
    "a digest too many": lambda m: m["chunks"].update(digests=m["chunks"]["digests"] * 2),
    "a number below zero": lambda m: m["chunks"]["places"][0].__setitem__(0, -1),
    "a number that is true": lambda m: m["chunks"]["places"].__setitem__(0, [False, 0, 1]),
    "a number with a fraction": lambda m: m["entries"][1].__setitem__(3, 3000.0),
    "an entry of unknown kind": lambda m: m["entries"][1].__setitem__(0, "z"),
    "an entry that is none": lambda m: m["entries"].append(None),
    "a path that is none": lambda m: m["entries"][1].__setitem__(1, 5),
    "a path of half a character": lambda m: m["entries"][1].__setitem__(1, "\ud800"),
    "half a piece": lambda m: m["entries"][1][4].append(1),
    "a mode with a kind in it": lambda m: m["entries"][1][2].__setitem__(0, 0o100644),
    "an owner that means nobody": lambda m: m["entries"][1][2].__setitem__(1, (1 << 32) - 1),
    "an attribute of the system": lambda m: m["entries"][1][2].append([["security.x", ""]]),
    "an attribute that is none": lambda m: m["entries"][1][2].append([["user.x", "?"]]),
    "a symlink to nothing": lambda m: m["entries"].append(["l", "s", [511, 0, 0, 0], ""]),
    "a folder with more": lambda m: m["entries"].append(["d", "s", [511, 0, 0, 0], 1]),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_body_with_a_right_hash_is_refused(
    honest: Manifest, change: Callable[..., object]
) -> None:
    with pytest.raises(SnapshotCorrupt):
        decode(forged(honest, change))


def test_the_forger_can_write_an_honest_body(honest: Manifest) -> None:
    assert decode(forged(honest, lambda _: None)) == honest


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000, b"NaN"],
    ids=["nothing", "list", "null", "open", "binary", "deep", "huge number", "nan"],
)
def test_a_body_that_is_no_manifest_is_refused(body: bytes) -> None:
    with pytest.raises(SnapshotCorrupt):
        decode(sealed(body))


@pytest.mark.parametrize(
    "other",
    [
        {"format": 2},
        {"format": True},
        {"engine": "restic"},
        {"extra": 1},
        {"body_bytes": 1 << 40},
        {"body_bytes": 1},
        {"stored_bytes": 1},
        {"blake2b": "0" * 64},
        {"blake2b": None},
    ],
)
def test_a_head_of_another_format_or_without_truth_is_refused(other: dict[str, object]) -> None:
    with pytest.raises(SnapshotCorrupt):
        decode(sealed(b"{}", **other))


@pytest.mark.parametrize("respelled", [b'{"extra":1,', b'{"format":1,', b"{ "])
def test_a_head_in_another_spelling_is_refused(honest: Manifest, respelled: bytes) -> None:
    content = encode(honest)
    assert decode(content) == honest

    with pytest.raises(SnapshotCorrupt, match="altered"):
        decode(respelled + content[1:])


def test_a_body_that_swells_beyond_its_word_is_not_decompressed_whole() -> None:
    with pytest.raises(SnapshotCorrupt, match="another length"):
        decode(sealed(bytes(50 << 20), body_bytes=10))


@pytest.mark.parametrize(
    ("prefix", "snapshot_id"),
    [("snapshots/inst_1", "s"), ("/abs/", "s"), ("a/../b/", "s"), ("a/", ""), ("a/", "x/y")],
)
def test_a_target_that_cannot_be_a_key_is_refused(
    bare: Path, blobs: MemoryBlobs, prefix: str, snapshot_id: str
) -> None:
    target = BackupTarget(prefix, snapshot_id, LONG_AGO, ())

    with pytest.raises(SnapshotError):
        backup(bare, blobs, target, None, silent)

    assert blobs.calls == []


def test_a_time_without_a_zone_is_refused_before_anything_is_stored(
    bare: Path, blobs: MemoryBlobs
) -> None:
    target = BackupTarget("a/b/", "s", LONG_AGO.replace(tzinfo=None))

    with pytest.raises(SnapshotError, match="zone"):
        backup(bare, blobs, target, None, silent)

    assert blobs.calls == []
