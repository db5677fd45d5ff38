"""The judge of the engine has to see what it is there to see."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from shared.snapshot.compare import compare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def twin(tree: Path, tmp_path: Path) -> Path:
    """The tree's faithful copy, made by another program than the engine."""
    copy = tmp_path / "twin"
    shutil.copytree(tree / "src", copy, symlinks=True)
    return copy


def test_a_faithful_copy_has_no_difference(tree: Path, twin: Path) -> None:
    assert compare(tree / "src", twin) == ()


def change_a_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(1_000)
        file.write(b"?")


def swap_for_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


def link_together(tree: Path) -> None:
    (tree / "weights.link").unlink()
    os.link(tree / "main.py", tree / "weights.link")


CHANGES = {
    "a file less": (lambda t: (t / "main.py").unlink(), b"main.py", "presence"),
    "a folder more": (lambda t: (t / "extra").mkdir(), b"extra", "presence"),
    "a file's mode": (lambda t: (t / "main.py").chmod(0o600), b"main.py", "mode"),
    "a folder's mode": (lambda t: (t / "deep").chmod(0o700), b"deep", "mode"),
    "a file's time": (lambda t: os.utime(t / "main.py", ns=(0, 1)), b"main.py", "mtime"),
    "a folder's time": (lambda t: os.utime(t / "deep", ns=(0, 1)), b"deep", "mtime"),
    "a file's note": (lambda t: os.setxattr(t / "main.py", "user.x", b"1"), b"main.py", "xattrs"),
    "a folder's note": (lambda t: os.setxattr(t / "deep", "user.x", b"1"), b"deep", "xattrs"),
    "a byte": (lambda t: change_a_byte(t / "weights.link"), b"weights.link", "content"),
    "a length": (lambda t: os.truncate(t / "deep/run.sh", 5), b"deep/run.sh", "size"),
    "a kind": (lambda t: swap_for_link(t / "main.py"), b"main.py", "kind"),
    "a second name": (link_together, b"weights.link", "links"),
}


@pytest.mark.parametrize(("change", "path", "what"), CHANGES.values(), ids=CHANGES.keys())
def test_every_kind_of_difference_is_seen_where_it_is(
    tree: Path, twin: Path, change: Callable[..., object], path: bytes, what: str
) -> None:
    change(twin)
    shutil.copystat(tree / "src", twin)

    found = compare(tree / "src", twin)

    assert {difference.path for difference in found} == {path}
    assert what in {difference.what for difference in found}


def test_symlinks_with_other_targets_differ(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "link").symlink_to(name)
        os.utime(tmp_path / name / "link", ns=(0, 0), follow_symlinks=False)
        os.utime(tmp_path / name, ns=(0, 0))

    found = compare(tmp_path / "a", tmp_path / "b")

    assert [(d.path, d.what, d.left, d.right) for d in found] == [
        (b"link", "target", "b'a'", "b'b'")
    ]
