"""Many seeds, on as many processes as are asked for."""

from __future__ import annotations

import gc
import logging
import traceback
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import TYPE_CHECKING

from tests.simulation.life import live
from tests.simulation.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 20
_COLLECT_EVERY = 10


def outcomes(first: int, seeds: int, machines: int, workers: int) -> Iterator[Outcome]:
    """One for each seed, in the order in which they end. One worker is this very process."""
    if workers <= 1:
        prepare()
        for seed in range(first, first + seeds):
            yield lived(seed, machines)
        return
    chunks = [
        (begin, min(_AT_ONCE, first + seeds - begin))
        for begin in range(first, first + seeds, _AT_ONCE)
    ]
    with ProcessPoolExecutor(workers, get_context("fork"), initializer=prepare) as pool:
        waiting = {pool.submit(_some, *chunk, machines) for chunk in chunks}
        while waiting:
            done: set[Future[list[Outcome]]]
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()


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


def _some(first: int, seeds: int, machines: int) -> list[Outcome]:
    return [lived(seed, machines) for seed in range(first, first + seeds)]
