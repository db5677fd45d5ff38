"""Many seeds, on as many processes as are asked for."""

from __future__ import annotations

import gc
import logging
import traceback
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

from tests.simulation.life import live
from tests.simulation.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 20
# A seed leaves a megabyte of cycles behind: a process that ends is cheaper than a collection.
_CHUNKS_OF_A_PROCESS = 10
_COLLECT_EVERY = 100


def outcomes(first: int, seeds: int, machines: int, workers: int) -> Iterator[Outcome]:
    """One for each seed, in the order in which they end. One worker is this very process."""
    if workers <= 1:
        prepare()
        for seed in range(first, first + seeds):
            yield lived(seed, machines)
        return
    chunks = [
        range(begin, min(begin + _AT_ONCE, first + seeds))
        for begin in range(first, first + seeds, _AT_ONCE)
    ]
    pool = get_context("fork").Pool(workers, prepare, maxtasksperchild=_CHUNKS_OF_A_PROCESS)
    with pool:
        for some in pool.imap_unordered(partial(_some, machines), chunks):
            yield from some


def prepare() -> None:
    """Nothing is logged, and garbage is collected between seeds rather than within."""
    logging.disable(logging.CRITICAL)
    gc.collect()
    gc.freeze()
    gc.disable()


def lived(seed: int, machines: int) -> Outcome:
    """A seed that cannot be lived to its end is a finding like others."""
    try:
        outcome = live(seed, machines)
    except Exception:  # noqa: BLE001
        outcome = Outcome(seed, {"defects": 1}, [traceback.format_exc()])
    if seed % _COLLECT_EVERY == 0:
        gc.collect()
    return outcome


def _some(machines: int, seeds: range) -> list[Outcome]:
    return [lived(seed, machines) for seed in seeds]
