"""What only the folder of blobs does: keys that no file system bears, restarts, orphans."""

from __future__ import annotations

import pytest

from shared.adapters.embedded.blobs import EmbeddedBlobs
from shared.domain.errors import BlobError, BlobPrecondition, Invalid


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder, clock, secrets):
    made = EmbeddedBlobs(folder, clock, secrets, "http://127.0.0.1:1/blobs")
    yield made
    made.close()


def files(folder):
    return [path for path in (folder / "content").rglob("*") if path.is_file()]


def test_a_name_longer_than_a_file_system_allows_and_a_key_below_another_work(blobs):
    for key in ("k" * 1024, "a", "a/b", "a/b/c"):
        blobs.put_new(key, key.encode())

    assert all(blobs.get(key) == key.encode() for key in ("k" * 1024, "a", "a/b", "a/b/c"))


def test_objects_survive_a_restart(blobs, folder, clock, secrets):
    stat = blobs.put_new("a", b"content")
    blobs.close()

    again = EmbeddedBlobs(folder, clock, secrets, "http://127.0.0.1:1/blobs")

    assert again.get("a") == b"content"
    assert again.stat("a") == stat
    again.close()


def test_two_processes_see_one_store(blobs, folder, clock, secrets):
    other = EmbeddedBlobs(folder, clock, secrets, "http://127.0.0.1:1/blobs")
    blobs.put_new("a", b"content")

    assert other.get("a") == b"content"
    other.close()


def test_a_generation_guards_deleting(blobs):
    """Proved here only: fake-gcs-server deletes whatever generation is named."""
    first = blobs.put_new("a", b"first")
    second = blobs.put("a", b"second")

    with pytest.raises(BlobPrecondition):
        blobs.delete("a", generation=first.generation)
    assert blobs.get("a") == b"second"

    blobs.delete("a", generation=second.generation)
    assert blobs.stat("a") is None


def test_replacing_deleting_and_failing_leave_no_file_behind(blobs, folder):
    def cut_short():
        yield b"some"
        raise ConnectionError

    blobs.put("a", b"1")
    blobs.put("a", b"2")
    with pytest.raises(BlobError):
        blobs.put_new("a", b"3")
    with pytest.raises(BlobError):
        blobs.receive("b", cut_short(), generation=None)
    with pytest.raises(Invalid):
        blobs.receive("b", [b"x"], generation=None, md5="0" * 32)

    assert len(files(folder)) == 1
    blobs.delete("a")
    assert files(folder) == []


def test_a_file_that_a_crash_left_is_removed_after_a_day(blobs, folder, clock):
    import os

    blobs.put_new("a", b"kept")
    orphan = folder / "content" / "ab" / ("ab" * 16)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left behind")
    written_s = clock.now().timestamp()
    for path in files(folder):
        os.utime(path, (written_s, written_s))

    clock.advance(86_400)
    assert blobs.remove_orphans() == 0
    clock.advance(1)
    assert blobs.remove_orphans() == 1

    assert not orphan.exists()
    assert blobs.get("a") == b"kept"


def test_a_listing_of_several_pages_is_whole(blobs, monkeypatch):
    from shared.adapters.embedded import blobs as module

    monkeypatch.setattr(module, "_PAGE", 3)
    keys = [f"k{n:02}" for n in range(9)]
    for key in keys:
        blobs.put_new(key, b"")

    assert [stat.key for stat in blobs.list("k")] == keys


def test_a_damaged_index_is_an_error_of_the_blobs(folder, clock, secrets):
    folder.mkdir(parents=True)
    (folder / "index.db").write_bytes(b"not a database, but long enough to look like one" * 100)

    with pytest.raises(BlobError):
        EmbeddedBlobs(folder, clock, secrets, "http://127.0.0.1:1/blobs")
