"""What serving processes hold: what they share stays shared, and what was freed is given back."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.snapshot.sealed.heap import set_thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator

# A password's hash takes 19 MiB for some milliseconds. glibc puts a block of that size among the
# small ones once it has been freed before, where each thread that hashed keeps it for good.
LARGE_BYTES = 4 << 20
UNUSED_BYTES = 2 << 20  # less than this is not worth a system call at each request


def give_back_large_blocks() -> None:
    """Once, before there are threads; processes made later do the same."""
    set_thresholds(mmap_bytes=LARGE_BYTES, trim_bytes=UNUSED_BYTES)


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded meanwhile is never looked through for garbage: a page to which a process's
    collector writes is shared with no other any more.
    """
    gc.disable()
    try:
        yield
        gc.collect()
        gc.freeze()
    finally:
        gc.enable()
