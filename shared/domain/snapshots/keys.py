"""What seals a snapshot's objects: one data key for each rental, and so for each epoch. Pure.

Only the sealed form is known here; what opens it never leaves the control plane's secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class SealedKey:
    """Of the objects under `prefix`; `sealed` opens with the prefix as its context."""

    prefix: str
    sealed: str


def handed_out(prefix: str, own: str, parents: Iterable[SealedKey]) -> tuple[SealedKey, ...]:
    """What the machine that writes under the prefix gets: its own key, and those with which its
    parent snapshot is read. `own` is "" where the rental has none: then nothing is sealed.
    """
    if not own:
        return ()
    mine = SealedKey(prefix, own)
    return (mine, *(each for each in parents if each != mine))


def strangers(named: Iterable[SealedKey], handed: Iterable[SealedKey]) -> tuple[SealedKey, ...]:
    """Keys that a manifest names and nobody gave to its machine."""
    known = frozenset(handed)
    return tuple(each for each in named if each not in known)
