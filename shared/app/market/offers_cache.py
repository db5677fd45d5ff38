"""What the providers offered a moment ago, kept in the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.errors import ProviderBusy, ProviderError
from shared.domain.frozen import dataclass
from shared.domain.market.offers import MachineType, Offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.ports.clock import Clock

MOST_ENTRIES = 64
# A provider that failed is left alone for a moment: its callers' patience is not spent one by one.
FAILURE_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class OfferKey:
    """`gpu_name` is in canonical form (market.gpu_names); None is the whole market."""

    provider: str
    machine_type: MachineType
    gpu_name: str | None


@dataclass(frozen=True, slots=True)
class KeptOffers:
    """`as_of` is the moment before the provider was asked."""

    offers: tuple[Offer, ...]
    as_of: datetime


@dataclass(slots=True)
class _Shelf:
    lock: threading.Lock = field(default_factory=threading.Lock)
    kept: KeptOffers | None = None
    good_until_s: float = 0.0
    failure: str = ""
    failing_until_s: float = 0.0


class OfferCache:
    """Answers younger than `keep_s`, at most `most_entries` of them; the oldest used goes first.

    One per process, owned by Services. Callers of one key wait for one load; other keys do not.
    """

    def __init__(self, clock: Clock, keep_s: float, most_entries: int = MOST_ENTRIES) -> None:
        self._clock = clock
        self._keep_s = keep_s
        self._most_entries = most_entries
        self._lock = threading.Lock()
        self._shelves: OrderedDict[OfferKey, _Shelf] = OrderedDict()

    def get(self, key: OfferKey, load: Callable[[], tuple[Offer, ...]]) -> KeptOffers:
        """What is kept under the key, or what `load` brings.

        Raises what `load` raises, and ProviderBusy for a few seconds after that.
        """
        shelf = self._shelf(key)
        with shelf.lock:
            now_s = self._clock.monotonic_s()
            if shelf.kept is not None and now_s < shelf.good_until_s:
                return shelf.kept
            if now_s < shelf.failing_until_s:
                raise ProviderBusy(shelf.failure, shelf.failing_until_s - now_s)
            return self._fill(shelf, load)

    def drop(self, offer_id: str) -> None:
        """It was just asked for: whether it was had or had gone, nobody else can have it."""
        with self._lock:
            shelves = tuple(self._shelves.values())
        for shelf in shelves:
            with shelf.lock:
                if shelf.kept is not None:
                    left = tuple(o for o in shelf.kept.offers if o.offer_id != offer_id)
                    shelf.kept = KeptOffers(left, shelf.kept.as_of)

    def _fill(self, shelf: _Shelf, load: Callable[[], tuple[Offer, ...]]) -> KeptOffers:
        as_of = self._clock.now()
        try:
            offers = load()
        except ProviderError as error:
            wait_s = error.retry_after_s if isinstance(error, ProviderBusy) else FAILURE_PAUSE_S
            shelf.failure = str(error)
            shelf.failing_until_s = self._clock.monotonic_s() + min(wait_s, self._keep_s)
            raise
        shelf.kept = KeptOffers(offers, as_of)
        shelf.good_until_s = self._clock.monotonic_s() + self._keep_s
        return shelf.kept

    def _shelf(self, key: OfferKey) -> _Shelf:
        with self._lock:
            shelf = self._shelves.setdefault(key, _Shelf())
            self._shelves.move_to_end(key)
            while len(self._shelves) > self._most_entries:
                self._shelves.popitem(last=False)
            return shelf
