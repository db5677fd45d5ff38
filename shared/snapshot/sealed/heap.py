"""How this process's memory is kept, where the C library lets itself be told."""

from __future__ import annotations

_TRIM_THRESHOLD = -1  # glibc's malloc.h
_MMAP_THRESHOLD = -3
_KEPT_BYTES = 96 << 20
_LARGEST_BYTES = 32 << 20  # some versions refuse more, and then keep nothing


def keep_what_is_freed() -> None:
    """Blocks and packs are made and freed a thousand times over; given back to the kernel each
    time, every page of the next one is fetched and cleared anew, which is a seventh of a backup.
    """
    set_thresholds(mmap_bytes=_LARGEST_BYTES, trim_bytes=_KEPT_BYTES)


def set_thresholds(*, mmap_bytes: int, trim_bytes: int) -> None:
    """From what size on a block is the kernel's own, given back when it is freed, and how much may
    lie unused at the heap's end (mallopt(3)). Where the library is another than glibc, nothing
    changes.
    """
    try:
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
    except (ImportError, OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, mmap_bytes)
    mallopt(_TRIM_THRESHOLD, trim_bytes)
