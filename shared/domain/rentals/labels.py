"""The label that a create call carries: whose it is, and a proof (rule 5)."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime

from shared.domain.ids import RentalId

PREFIX = "dumont"
MAC_CHARACTERS = 16
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # of a ULID; its first ten are milliseconds
_ULID = re.compile(f"rent_([0-7][{_DIGITS}]{{9}})[{_DIGITS}]{{16}}")


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


def minted_at(rental_id: RentalId) -> datetime | None:
    """When this id was made, by our clock, which its own time tells; None where it has none."""
    found = _ULID.fullmatch(rental_id)
    if found is None:
        return None
    milliseconds = 0
    for digit in found[1]:
        milliseconds = milliseconds * 32 + _DIGITS.index(digit)
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _mac(named: str, secret: bytes) -> str:
    return hmac.digest(secret, named.encode(), "sha256").hex()[:MAC_CHARACTERS]
