"""What is known of a launch before it begins: which machine, where, and how much it has to pull."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.market.gpu_names import canonical

if TYPE_CHECKING:
    from shared.domain.history.attempt import Attempt
    from shared.domain.market.offers import Offer
    from shared.domain.rentals.model import Terms

BITS_PER_GB = 8_000_000_000
START_S = 20.0  # until the host takes the order up, and from the container to its agent's word
PULL_EFFICIENCY = 0.5  # registries rarely reach the line's rate
UNPACK_GB_PER_S = 0.15  # layers are unpacked one after the other, whatever the line
SLOWEST_MBPS = 50.0
UNKNOWN_MBPS = 200.0
UNKNOWN_IMAGE_GB = 3.0
USUAL_IMAGE = "pytorch/pytorch:latest"
# Compressed sizes of the usual images. What this misses is learnt: every image has its own pace.
_IMAGE_GB = (("vllm", 9.0), ("pytorch", 4.0), ("tensorflow", 3.5), ("cuda", 3.0), ("python", 0.4))


@dataclass(frozen=True, slots=True)
class Subject:
    """One machine with one image. `download_mbps` is as promised; None: the provider is silent."""

    provider: str
    machine_id: str
    gpu_name: str
    country: str | None
    download_mbps: float | None
    image: str

    @property
    def machine(self) -> str:
        """A machine's id means something only at its provider."""
        return f"{self.provider}/{self.machine_id}"

    @property
    def gpu(self) -> str:
        return canonical(self.gpu_name)

    @property
    def place(self) -> str:
        return self.country or "unknown"

    @property
    def expected_s(self) -> float:
        """From the order to hello, if the line holds what it promises."""
        mbps = max(SLOWEST_MBPS, self.download_mbps or UNKNOWN_MBPS)
        size_gb = image_gb(self.image)
        pull_s = size_gb * BITS_PER_GB / (mbps * 1_000_000) / PULL_EFFICIENCY
        return START_S + pull_s + size_gb / UNPACK_GB_PER_S


def subject_of_offer(offer: Offer, image: str) -> Subject:
    country = offer.country or country_of(offer.geolocation)
    mbps = offer.inet_down_mbps
    return Subject(offer.provider, offer.machine_id, offer.gpu_name, country, mbps, image)


def subject_of_terms(terms: Terms, image: str) -> Subject:
    country = country_of(terms.geolocation)
    mbps = terms.download_mbps
    return Subject(terms.provider, terms.machine_id, terms.gpu_name, country, mbps, image)


def subject_of_attempt(attempt: Attempt) -> Subject:
    return Subject(
        attempt.provider,
        attempt.machine_id,
        attempt.gpu_name,
        country_of(attempt.geolocation),
        attempt.download_mbps,
        attempt.image,
    )


def country_of(geolocation: str | None) -> str | None:
    """The two letters at the end of "City, CC"; None where there are none."""
    last = (geolocation or "").rpartition(",")[2].strip().upper()
    return last if len(last) == 2 and last.isascii() and last.isalpha() else None


def image_gb(image: str) -> float:
    """A guess by its name, compressed."""
    name = image.lower()
    return next((size for word, size in _IMAGE_GB if word in name), UNKNOWN_IMAGE_GB)
