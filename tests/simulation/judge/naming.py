"""Whose a contract is, read off its label; its proof is the control plane's own affair."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract

PARTS = 4


def rental_named(contract: Contract) -> str:
    """The rental in `dumont/<deployment>/<rental>/<mac>`, "" for none."""
    return rental_in(contract.label or "")


def rental_in(label: str) -> str:
    parts = label.split("/")
    return parts[2] if len(parts) == PARTS else ""
