"""Labels say whose a contract is, and nothing that is not ours is taken for ours (rule 5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import RentalId
from shared.domain.rentals.labels import label_of, rental_of

SECRET = b"k" * 32
RENTAL = RentalId("rent_01KE5BYQJ8X2T4ZVN6M3R7C9WD")
LABEL = label_of("prod", RENTAL, SECRET)


def test_a_label_names_its_rental_under_any_live_key() -> None:
    assert rental_of(LABEL, "prod", (b"new" * 9, SECRET)) == RENTAL
    assert len(LABEL) < 100


@pytest.mark.parametrize(
    "label",
    [
        "",
        "somebody else's",
        LABEL[:-1],  # cut off by the provider
        LABEL + "0",
        LABEL.rsplit("/", 1)[0],
        LABEL.replace("WD/", "WE/"),  # another rental under this one's proof
        LABEL.replace("dumont", "dumonT"),
        label_of("staging", RENTAL, SECRET),
        label_of("prod", RENTAL, b"another deployment's key"),
        label_of("prod", RENTAL, SECRET) + "/more",
        "dumont/prod/" + "x" * 5000,
        "dumont/prod/rent_1/é",
    ],
)
def test_what_is_forged_foreign_or_cut_is_nobodys(label: str) -> None:
    assert rental_of(label, "prod", (SECRET,)) is None


@given(st.text(max_size=120))
def test_no_text_by_chance_is_ours(label: str) -> None:
    assert rental_of(label, "prod", (SECRET,)) is None
