"""GPU names as people and marketplaces write them."""

from __future__ import annotations

from itertools import product

MOST_SPELLINGS = 64


def canonical(gpu_name: str) -> str:
    """`RTX_4090`, `rtx 4090` and `RTX 4090` are one GPU; the case and the spaces say nothing."""
    return " ".join(gpu_name.replace("_", " ").split()).casefold()


def same_gpu(one: str, other: str) -> bool:
    return canonical(one) == canonical(other)


def spellings(gpu_name: str) -> tuple[str, ...]:
    """How a marketplace that compares letter by letter may write this name.

    Each word as given, in capitals and with a capital (`Tesla V100`, `RTX 6000Ada`, `H100 SXM`);
    at most MOST_SPELLINGS of them.
    """
    words = gpu_name.replace("_", " ").split()
    choices = [tuple(dict.fromkeys((word, word.upper(), word.title()))) for word in words]
    found: dict[str, None] = {}
    for chosen in product(*choices):
        found[" ".join(chosen)] = None
        if len(found) == MOST_SPELLINGS:
            break
    return tuple(found)
