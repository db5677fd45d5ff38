"""What all racers of one provisioning may promise together."""

from __future__ import annotations

import pytest

from shared.domain.billing.budget import within


@pytest.mark.parametrize(
    ("amounts", "promised", "cap", "covered"),
    [
        ((5, 5, 5), 0, None, 3),
        ((5, 5, 5), 0, 15, 3),
        ((5, 5, 5), 0, 14, 2),
        ((5, 5, 5), 6, 14, 1),
        ((5, 5, 5), 10, 14, 0),
        ((20, 1), 0, 14, 0),
        ((), 0, 14, 0),
    ],
)
def test_racers_are_added_while_the_money_lasts(
    amounts: tuple[int, ...], promised: int, cap: int | None, covered: int
) -> None:
    assert within(amounts, promised, cap) == covered
