"""A flipped bit anywhere is seen: by the lookup, by the scrub, by the restore."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.codec import decode
from shared.snapshot.verify import load_manifest, scrub, verify
from tests.unit.snapshot.stores import MemoryBlobs
from tests.unit.snapshot.trees import TUNING, bring_back, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.ports.blobs import BlobStat


class Rotten(MemoryBlobs):
    """Remembers checksums of what was written, like a store whose disk rots under it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, BlobStat] = {}

    def put_new(self, key: str, content: bytes) -> BlobStat:
        self.written[key] = super().put_new(key, content)
        return self.written[key]

    def stat(self, key: str) -> BlobStat | None:
        return self.written.get(key)

    def flip(self, key: str, bit: int) -> None:
        content = bytearray(self.objects[key])
        content[bit // 8] ^= 1 << bit % 8
        self.objects[key] = bytes(content)


def test_every_flipped_bit_of_a_manifest_is_seen(bare: Path, blobs: MemoryBlobs) -> None:
    (bare / "file").write_bytes(b"content")
    result, _ = take(bare, blobs)
    good = blobs.objects[result.manifest_key]

    for bit in range(len(good) * 8):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SnapshotCorrupt):
            decode(bytes(bad))


def test_a_manifest_cut_short_or_lengthened_is_seen(bare: Path, blobs: MemoryBlobs) -> None:
    result, _ = take(bare, blobs)
    good = blobs.objects[result.manifest_key]

    for bad in [good[:length] for length in range(len(good))] + [good + b"\n", b"\n" + good]:
        with pytest.raises(SnapshotCorrupt):
            decode(bad)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_flipped_bit_of_a_pack_is_seen_by_the_scrub(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    tree = tmp_path_factory.mktemp("tree")
    (tree / "text").write_bytes(b"all work and no play " * 300)
    (tree / "noise").write_bytes(bytes(range(256)) * 20)
    blobs = Rotten()
    _, manifest = take(tree, blobs)
    pack = data.draw(st.sampled_from(manifest.packs))

    blobs.flip(pack.key, data.draw(st.integers(0, pack.size_bytes * 8 - 1)))

    with pytest.raises(SnapshotCorrupt, match=pack.key):
        scrub(manifest, blobs, tuning=TUNING)


def test_a_restore_never_places_a_file_with_a_flipped_bit(tree: Path, tmp_path: Path) -> None:
    blobs = Rotten()
    _, manifest = take(tree, blobs)

    for number, pack in enumerate(manifest.packs):
        into = tmp_path / f"restored {number}"
        blobs.flip(pack.key, 8 * (pack.size_bytes // 2))
        with pytest.raises(SnapshotCorrupt, match=pack.key):
            bring_back(manifest, blobs, into)
        blobs.flip(pack.key, 8 * (pack.size_bytes // 2))

        for path in into.rglob("*"):
            assert not path.name.startswith(".dumont-part.")
            if path.is_file() and not path.is_symlink():
                assert path.read_bytes() == (tree / path.relative_to(into)).read_bytes()


def test_the_lookup_names_packs_that_are_missing_cut_or_other(
    tree: Path, blobs: MemoryBlobs
) -> None:
    _, manifest = take(tree, blobs)
    missing, cut, other = (pack.key for pack in manifest.packs[:3])
    del blobs.objects[missing]
    blobs.objects[cut] = blobs.objects[cut][:-1]
    blobs.objects[other] = blobs.objects[other][:-1] + b"?"

    with pytest.raises(SnapshotCorrupt) as caught:
        verify(manifest.key, blobs, tuning=TUNING)

    assert f"{missing} is missing" in str(caught.value)
    assert f"{cut} has" in str(caught.value)
    assert f"{other} has other bytes" in str(caught.value)


def test_many_faults_are_counted_rather_than_listed(tree: Path, blobs: MemoryBlobs) -> None:
    _, manifest = take(tree, blobs)
    for pack in manifest.packs:
        del blobs.objects[pack.key]

    with pytest.raises(SnapshotCorrupt, match=f"and {len(manifest.packs) - 5} more"):
        verify(manifest.key, blobs, tuning=TUNING)


def test_packs_that_a_verified_parent_proved_are_not_asked_for_again(
    tree: Path, blobs: MemoryBlobs
) -> None:
    _, parent = take(tree, blobs, "snap_1")
    proved = verify(parent.key, blobs, tuning=TUNING).packs
    (tree / "new").write_bytes(b"new")
    result, _ = take(tree, blobs, "snap_2", parent=parent)
    blobs.calls.clear()

    verified = verify(result.manifest_key, blobs, proved, TUNING)

    asked = {key for verb, key in blobs.calls if verb == "stat"}
    assert asked == {result.manifest_key} | {pack.key for pack in result.new_packs}
    assert proved < verified.packs
    assert verified.manifest_md5 == result.manifest_md5


def test_a_proof_of_other_bytes_under_the_same_key_is_none(tree: Path, blobs: MemoryBlobs) -> None:
    result, manifest = take(tree, blobs)
    lost = manifest.packs[0]
    del blobs.objects[lost.key]

    with pytest.raises(SnapshotCorrupt, match=lost.key):
        verify(result.manifest_key, blobs, {replace(lost, md5="0" * 32)}, TUNING)


@pytest.mark.parametrize("read", [load_manifest, verify])
def test_a_manifest_that_is_missing_or_anothers_is_refused(
    tree: Path, blobs: MemoryBlobs, read: Callable[..., object]
) -> None:
    result, _ = take(tree, blobs)
    elsewhere = result.manifest_key.replace("snap_1", "snap_2")
    blobs.objects[elsewhere] = blobs.objects[result.manifest_key]

    with pytest.raises(SnapshotCorrupt, match="holds the manifest of"):
        read(elsewhere, blobs) if read is verify else read(blobs, elsewhere)
    with pytest.raises(SnapshotCorrupt, match="missing"):
        read("no/such", blobs) if read is verify else read(blobs, "no/such")


def test_a_pack_that_is_missing_ends_a_restore(tree: Path, blobs: MemoryBlobs, into: Path) -> None:
    _, manifest = take(tree, blobs)
    del blobs.objects[manifest.packs[-1].key]

    with pytest.raises(SnapshotCorrupt, match=manifest.packs[-1].key):
        bring_back(manifest, blobs, into)


def test_the_scrub_reads_every_byte(tree: Path, blobs: MemoryBlobs) -> None:
    _, manifest = take(tree, blobs)

    done = scrub(manifest, blobs, tuning=TUNING)

    assert done.bytes_read == sum(pack.size_bytes for pack in manifest.packs)
    assert done.chunks == len(manifest.chunks)
