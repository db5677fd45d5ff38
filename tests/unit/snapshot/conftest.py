from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.snapshot.stores import MemoryBlobs
from tests.unit.snapshot.trees import plant_a_bit_of_everything

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a bit of everything."""
    root = tmp_path / "tree"
    root.mkdir()
    plant_a_bit_of_everything(root)
    return root


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A tree with nothing in it."""
    root = tmp_path / "bare"
    root.mkdir()
    return root


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "restored"
