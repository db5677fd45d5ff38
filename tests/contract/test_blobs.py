"""What every blob store promises."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.domain.errors import BlobMissing, BlobPrecondition, Invalid
from shared.ports.counting import counted

CONTENT = bytes(range(256)) * 8


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def test_an_object_comes_back_as_it_was_put(blobs):
    stat = blobs.put_new("a/b", CONTENT)

    assert blobs.get("a/b") == CONTENT
    assert blobs.stat("a/b") == stat
    assert (stat.key, stat.size_bytes, stat.md5) == ("a/b", len(CONTENT), md5(CONTENT))
    assert stat.generation > 0
    assert stat.updated_at.tzinfo is not None


def test_an_empty_object_is_an_object(blobs):
    stat = blobs.put_new("empty", b"")

    assert blobs.get("empty") == b""
    assert (stat.size_bytes, stat.md5) == (0, md5(b""))


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, None),
        (0, 1),
        (5, 10),
        (5, None),
        (2047, 1),
        (2040, 100),
        (2048, None),
        (5000, 1),
        (0, 0),
    ],
)
def test_a_range_is_those_bytes(blobs, start, length):
    blobs.put_new("a", CONTENT)

    end = None if length is None else start + length
    assert blobs.get("a", start=start, length=length) == CONTENT[start:end]


def test_a_negative_range_is_refused(blobs):
    blobs.put_new("a", CONTENT)

    with pytest.raises(Invalid):
        blobs.get("a", start=-1)
    with pytest.raises(Invalid):
        blobs.get("a", length=-1)


@pytest.mark.parametrize("length", [None, 0, 5])
def test_a_missing_object_is_told(blobs, length):
    assert blobs.stat("nothing") is None
    with pytest.raises(BlobMissing):
        blobs.get("nothing", length=length)


def test_put_new_never_replaces(blobs):
    blobs.put_new("a", b"first")

    with pytest.raises(BlobPrecondition):
        blobs.put_new("a", b"second")

    assert blobs.get("a") == b"first"


def test_of_racing_creations_exactly_one_wins(blobs):
    def create(racer: int) -> bool:
        try:
            blobs.put_new("a", b"racer %d" % racer)
        except BlobPrecondition:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(create, range(8)))

    assert won.count(True) == 1
    assert blobs.get("a") == b"racer %d" % won.index(True)


def test_a_generation_guards_replacing(blobs):
    first = blobs.put_new("a", b"first")
    second = blobs.put("a", b"second", generation=first.generation)

    with pytest.raises(BlobPrecondition):
        blobs.put("a", b"third", generation=first.generation)
    with pytest.raises(BlobPrecondition):
        blobs.put("b", b"third", generation=first.generation)
    assert blobs.get("a") == b"second"
    assert blobs.stat("a") == second
    assert blobs.stat("b") is None


def test_a_generation_is_never_given_twice(blobs):
    first = blobs.put_new("a", b"same")
    blobs.delete("a")
    second = blobs.put_new("a", b"same")

    assert second.generation > first.generation


def test_put_replaces_whatever_there_is(blobs):
    blobs.put("a", b"first")
    blobs.put("a", b"second")

    assert blobs.get("a") == b"second"


def test_deleting_what_is_missing_is_success(blobs):
    blobs.delete("nothing")
    blobs.delete("nothing", generation=5)


def test_a_listing_is_every_object_under_the_prefix_by_key(blobs):
    for key in ("b/2", "a", "b/10", "b/1/x", "c", "b", "bb"):
        blobs.put_new(key, key.encode())

    assert [stat.key for stat in blobs.list("b/")] == ["b/1/x", "b/10", "b/2"]
    assert [stat.key for stat in blobs.list("b")] == ["b", "b/1/x", "b/10", "b/2", "bb"]
    assert [stat.key for stat in blobs.list("zzz")] == []
    assert len(list(blobs.list(""))) == 7
    assert next(iter(blobs.list("a"))) == blobs.stat("a")


@pytest.mark.parametrize(
    "key",
    ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0b", "a\nb", "k" * 1025, "\ud800"],
)
def test_a_key_that_leads_astray_is_refused_everywhere(blobs, key):
    for call in (
        lambda: blobs.put_new(key, b""),
        lambda: blobs.put(key, b""),
        lambda: blobs.get(key),
        lambda: blobs.stat(key),
        lambda: blobs.delete(key),
    ):
        with pytest.raises(Invalid):
            call()


@pytest.mark.parametrize("key", ["ü/ключ", "a b/c+d%2F?x=1#y", "...", "a/.b", "A/a", "'\";--"])
def test_any_other_key_works(blobs, key):
    blobs.put_new(key, b"content")

    assert blobs.get(key) == b"content"
    assert [stat.key for stat in blobs.list("")] == [key]


@pytest.mark.parametrize("prefix", ["", "a", "/", "/a/", "a//", "a/../", "a\0/"])
def test_a_grant_needs_a_whole_prefix(blobs, prefix):
    with pytest.raises(Invalid):
        blobs.grant(prefix, write=True, seconds=60, max_object_bytes=1)


def test_operations_are_counted_by_class(blobs):
    with counted() as counts:
        blobs.put_new("a", b"four")
        blobs.get("a", start=1)
        blobs.stat("a")
        list(blobs.list(""))
        blobs.delete("a")

    assert (counts.class_a, counts.class_b) == (2, 2)
    assert (counts.put_bytes, counts.get_bytes) == (4, 3)


def test_a_store_that_is_there_checks_out(blobs):
    blobs.check()
