"""A flipped bit in any class of object is seen: by the scrub, by the restore, never by the user."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import SnapshotCorrupt, SnapshotKeyMissing
from shared.snapshot import engine, proof
from shared.snapshot.sealed import head as heads
from tests.unit.snapshot.sealed.sealing import ALONE, bring_back, load, take
from tests.unit.snapshot.test_corruption import Rotten

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.snapshot.stores import MemoryBlobs


def test_every_flipped_bit_of_a_manifest_is_seen_without_a_key(
    bare: Path, blobs: MemoryBlobs
) -> None:
    (bare / "file").write_bytes(b"content")
    result, _ = take(bare, blobs)
    good = blobs.objects[result.manifest_key]

    for bit in range(len(good) * 8):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SnapshotCorrupt):
            heads.decode(bytes(bad))


def test_a_manifest_cut_short_or_lengthened_is_seen(bare: Path, blobs: MemoryBlobs) -> None:
    result, _ = take(bare, blobs)
    good = blobs.objects[result.manifest_key]

    for bad in [good[:length] for length in range(len(good))] + [good + b"\n", b"\n" + good]:
        with pytest.raises(SnapshotCorrupt):
            heads.decode(bad)


def test_a_head_that_was_forged_with_a_right_checksum_does_not_open(
    tree: Path, blobs: MemoryBlobs
) -> None:
    """Whoever can write to the bucket can make a head, but not the seal that covers it."""
    result, _ = take(tree, blobs)
    head, line, body = heads.decode(blobs.objects[result.manifest_key])
    forged = replace(head, packs=head.packs[:-1])
    blobs.objects[result.manifest_key] = heads.enclose(heads.encode(forged), body)
    assert line != heads.encode(forged)

    with pytest.raises(SnapshotCorrupt):
        load(blobs, result.manifest_key)


@settings(max_examples=60, deadline=None)
@given(which=st.integers(0, 99), bit=st.integers(0, 10**9))
def test_any_flipped_bit_of_a_pack_or_index_is_seen_by_the_scrub(
    tmp_path_factory: pytest.TempPathFactory, which: int, bit: int
) -> None:
    tree = tmp_path_factory.mktemp("tree")
    (tree / "text").write_bytes(b"all work and no play " * 300)
    (tree / "noise").write_bytes(bytes(range(256)) * 20)
    blobs = Rotten()
    result, manifest = take(tree, blobs)
    bad = manifest.packs[which % len(manifest.packs)]

    blobs.flip(bad.key, bit % (bad.size_bytes * 8))

    assert set(proof.reread(manifest.packs, blobs, ALONE)) == {bad}
    with pytest.raises(SnapshotCorrupt, match=bad.key):
        engine.scrub(load(blobs, result.manifest_key), blobs, tuning=ALONE)


def test_a_restore_never_places_a_file_with_a_flipped_bit(tree: Path, tmp_path: Path) -> None:
    blobs = Rotten()
    _, manifest = take(tree, blobs)
    seen = 0

    for number, pack in enumerate(manifest.packs):
        into = tmp_path / f"restored {number}"
        blobs.flip(pack.key, 8 * 40)  # in its first block
        if "/packs/" in pack.key:
            seen += 1
            with pytest.raises(SnapshotCorrupt, match=pack.key):
                bring_back(manifest, blobs, into)
        blobs.flip(pack.key, 8 * 40)

        for path in into.rglob("*"):
            assert not path.name.startswith(".dumont-part.")
            if path.is_file() and not path.is_symlink():
                assert path.read_bytes() == (tree / path.relative_to(into)).read_bytes()
    assert seen > 3


def test_packs_that_changed_places_do_not_open(tree: Path, blobs: MemoryBlobs, into: Path) -> None:
    """Each was sealed for its own name, so that no block can stand for another."""
    _, manifest = take(tree, blobs)
    one, other = [each.pack.key for each in manifest.sources.packs[:2]]
    blobs.objects[one], blobs.objects[other] = blobs.objects[other], blobs.objects[one]

    with pytest.raises(SnapshotCorrupt, match="holds other bytes"):
        bring_back(manifest, blobs, into)


def test_the_lookup_names_objects_that_are_missing_cut_or_other(
    tree: Path, blobs: MemoryBlobs
) -> None:
    _, manifest = take(tree, blobs)
    missing, cut, other = (pack.key for pack in manifest.packs[-3:])
    assert "/index/" in other
    del blobs.objects[missing]
    blobs.objects[cut] = blobs.objects[cut][:-1]
    blobs.objects[other] = blobs.objects[other][:-1] + b"?"

    with pytest.raises(SnapshotCorrupt) as caught:
        proof.verify(manifest.key, blobs, tuning=ALONE)

    assert f"{missing} is missing" in str(caught.value)
    assert f"{cut} has" in str(caught.value)
    assert f"{other} has other bytes" in str(caught.value)


def test_an_index_that_is_missing_or_altered_is_told(tree: Path, blobs: MemoryBlobs) -> None:
    result, manifest = take(tree, blobs)
    index = manifest.packs[-1].key
    good = blobs.objects.pop(index)

    with pytest.raises(SnapshotCorrupt, match="missing"):
        load(blobs, result.manifest_key)
    blobs.objects[index] = good[:-1] + bytes([good[-1] ^ 1])
    with pytest.raises(SnapshotCorrupt, match=index):
        load(blobs, result.manifest_key)


def test_a_manifest_that_is_missing_or_anothers_is_refused(tree: Path, blobs: MemoryBlobs) -> None:
    result, _ = take(tree, blobs)
    elsewhere = result.manifest_key.replace("snap_1", "snap_2")
    blobs.objects[elsewhere] = blobs.objects[result.manifest_key]

    for read in (load, proof.references, lambda b, key: proof.verify(key, b)):
        with pytest.raises(SnapshotCorrupt, match="holds the manifest of"):
            read(blobs, elsewhere)
        with pytest.raises(SnapshotCorrupt, match="missing"):
            read(blobs, "no/such")


def test_a_wrapped_key_that_was_altered_is_not_taken_for_one(
    tree: Path, blobs: MemoryBlobs
) -> None:
    result, _ = take(tree, blobs)
    head, _, body = heads.decode(blobs.objects[result.manifest_key])
    key = head.keys[0]
    bad = replace(key, wrapped=key.wrapped[:-1] + bytes([key.wrapped[-1] ^ 1]))
    forged = heads.encode(replace(head, keys=(bad,)))
    blobs.objects[result.manifest_key] = heads.enclose(forged, body)

    with pytest.raises(SnapshotKeyMissing):
        load(blobs, result.manifest_key)
