"""The label that a create call carries: whose it is, and a proof (rule 5)."""

from __future__ import annotations

import hashlib
import hmac

from shared.domain.ids import RentalId

PREFIX = "dumont"
MAC_CHARACTERS = 16


def label_of(deployment_id: str, rental_id: RentalId, secret: bytes) -> str:
    """`dumont/<deployment>/<rental>/<mac>`, under 100 characters."""
    named = f"{PREFIX}/{deployment_id}/{rental_id}"
    return f"{named}/{_mac(named, secret)}"


def rental_of(label: str, deployment_id: str, secrets: tuple[bytes, ...]) -> RentalId | None:
    """The rental that a label of *this* deployment names; None for anything else."""
    parts = label.split("/")
    if len(parts) != 4 or parts[0] != PREFIX or parts[1] != deployment_id:
        return None
    named = "/".join(parts[:3])
    if any(hmac.compare_digest(_mac(named, each).encode(), parts[3].encode()) for each in secrets):
        return RentalId(parts[2])
    return None


def _mac(named: str, secret: bytes) -> str:
    return hmac.new(secret, named.encode(), hashlib.sha256).hexdigest()[:MAC_CHARACTERS]
