"""A manifest that somebody made up is refused before anything is written by it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.sealed import body, columns
from shared.snapshot.sealed.model import FILE, FOLDER, LINK, PIPE, SYMLINK, Chunks, Row, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS = (0o644, 0, 0, 0)
SIZES = [10, 20]


def row(kind: int, parent: int, name: bytes, size: int = 0, chunks: tuple[int, ...] = ()) -> Row:
    return (kind, parent, name, *FACTS, size, 0, 0, 0, chunks)


def good_tree() -> Tree:
    tree = Tree()
    tree.take_rows(
        [
            row(FOLDER, 0, b""),
            row(FOLDER, 0, b"folder"),
            row(FILE, 1, b"file", 40, (0, 1)),
            row(SYMLINK, 1, b"link"),
            row(LINK, 0, b"other name"),
            row(PIPE, 0, b"pipe"),
        ]
    )
    tree.offsets[2] = (0, 20)
    tree.targets[3] = b"/etc/passwd"
    tree.links[4] = 2
    return tree


def test_a_good_tree_survives_the_way_there_and_back() -> None:
    decoded, skipped = body.decode_tree(body.encode_tree(good_tree(), ()), SIZES)

    assert decoded == good_tree()
    assert skipped == ()


def set_name(name: bytes) -> Callable[[Tree], None]:
    def change(tree: Tree) -> None:
        tree.names[2] = name

    return change


BAD: dict[str, Callable[[Tree], None]] = {
    "climbs": set_name(b".."),
    "is here": set_name(b"."),
    "is nothing": set_name(b""),
    "is a path": set_name(b"a/b"),
    "is too long": set_name(b"x" * 256),
    "is a side name": set_name(b".dumont-part.7"),
    "is named twice": lambda t: t.names.__setitem__(3, b"file"),
    "lies in a symlink": lambda t: t.parents.__setitem__(4, 3),
    "lies in what comes later": lambda t: t.parents.__setitem__(1, 5),
    "lies in itself": lambda t: t.parents.__setitem__(1, 1),
    "has a root that is no folder": lambda t: t.kinds.__setitem__(0, FILE),
    "is of no kind": lambda t: t.kinds.__setitem__(2, 0x7A),
    "links to a folder": lambda t: t.links.__setitem__(4, 1),
    "links forward": lambda t: t.links.__setitem__(4, 5),
    "links to nothing": lambda t: t.links.clear(),
    "has no target": lambda t: t.targets.clear(),
    "has an empty target": lambda t: t.targets.__setitem__(3, b""),
    "is a target of no symlink": lambda t: t.targets.__setitem__(2, b"x"),
    "has a chunk that is not there": lambda t: t.chunks.__setitem__(2, (0, 2)),
    "is shorter than its pieces": lambda t: t.sizes.__setitem__(2, 39),
    "has pieces out of order": lambda t: t.offsets.__setitem__(2, (5, 0)),
    "has pieces on each other": lambda t: t.offsets.__setitem__(2, (0, 9)),
    "has a piece without a place": lambda t: t.offsets.__setitem__(2, (0,)),
    "has places without pieces": lambda t: t.offsets.__setitem__(5, (0,)),
    "is a pipe with pieces": lambda t: t.chunks.__setitem__(5, (0,)),
    "has attributes beyond the end": lambda t: t.xattrs.__setitem__(9, ((b"user.a", b""),)),
    "has attributes that are not the user's": lambda t: t.xattrs.__setitem__(
        2, ((b"security.capability", b""),)
    ),
    "has a mode of other bits": lambda t: t.modes.__setitem__(2, 0o100644),
    "has the owner nobody may set": lambda t: t.uids.__setitem__(2, (1 << 32) - 1),
    "has flags of another format": lambda t: t.flags.__setitem__(2, 8),
}


@pytest.mark.parametrize("what", BAD)
def test_a_tree_is_refused_in_which_an_entry(what: str) -> None:
    tree = copy.deepcopy(good_tree())
    BAD[what](tree)

    with pytest.raises(SnapshotCorrupt):
        body.decode_tree(body.encode_tree(tree, ()), SIZES)


def good_chunks() -> Chunks:
    chunks = Chunks()
    chunks.add_block(0, 0, 100, 72, 0)
    chunks.add_block(0, 100, 80, 500, 1)
    chunks.add_chunk(bytes(32), 0, 0, 72)
    chunks.add_chunk(bytes(32), 1, 100, 400)
    return chunks


def test_good_chunks_survive_the_way_there_and_back() -> None:
    assert body.decode_chunks(body.encode_chunks(good_chunks()), [180]) == good_chunks()


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.block_pack.__setitem__(0, 1),
        lambda c: c.block_offset.__setitem__(1, 101),
        lambda c: c.block_stored.__setitem__(1, 81),
        lambda c: c.block_stored.__setitem__(0, 28),
        lambda c: c.block_size.__setitem__(1, 499),
        lambda c: c.block_size.__setitem__(1, (1 << 20) + 1),
        lambda c: c.block_size.__setitem__(0, 0),
        lambda c: c.block_codec.__setitem__(0, 2),
        lambda c: c.chunk_block.__setitem__(1, 2),
        lambda c: c.chunk_offset.__setitem__(1, 101),
        lambda c: c.chunk_offset.__setitem__(1, -1),
        lambda c: c.chunk_size.__setitem__(1, 0),
        lambda c: c.digests.pop(),
        lambda c: c.block_pack.pop(),
    ],
)
def test_chunks_that_lie_elsewhere_are_refused(change: Callable[[Chunks], None]) -> None:
    chunks = good_chunks()
    change(chunks)

    with pytest.raises(SnapshotCorrupt):
        body.decode_chunks(body.encode_chunks(chunks), [180])


def test_numbers_survive_at_their_bounds() -> None:
    for values in ([], [0], [-(1 << 63), (1 << 63) - 1, 0, -1, 5], [1 << 40] * 7):
        plain, deltas = columns.encode_numbers(values), columns.encode_deltas(values)
        bounds = (-(1 << 63), (1 << 63) - 1)
        assert list(columns.decode_numbers(plain, *bounds)) == values
        assert list(columns.decode_deltas(deltas, *bounds)) == values


@pytest.mark.parametrize("cut", range(0, 300, 7))
def test_a_tree_that_is_cut_short_is_refused(cut: int) -> None:
    content = body.encode_tree(good_tree(), ())

    with pytest.raises(SnapshotCorrupt):
        body.decode_tree(content[: len(content) - 1 - cut], SIZES)
