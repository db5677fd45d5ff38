"""What serving processes hold: what they share stays shared, and what was freed is given back."""

from __future__ import annotations

import ctypes
import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
# A password's hash takes 19 MiB for some milliseconds. glibc puts a block of that size among the
# small ones once it has been freed before, where each thread that hashed keeps it for good.
LARGE_BYTES = 4 << 20
UNUSED_BYTES = 2 << 20  # less than this is not worth a system call at each request


def give_back_large_blocks() -> None:
    """Once, before there are threads; processes made later do the same. Does nothing where the C
    library is another than glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, UNUSED_BYTES)


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded meanwhile is never looked through for garbage: a page to which a process's
    collector writes is shared with no other any more.
    """
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.enable()
