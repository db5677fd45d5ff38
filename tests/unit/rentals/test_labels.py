"""Labels say whose a contract is, and nothing that is not ours is taken for ours (rule 5)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.system import ulid
from shared.domain.ids import RentalId
from shared.domain.rentals.labels import label_of, minted_at, rental_of

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


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 2**80 - 1))
def test_an_id_tells_when_it_was_made(milliseconds: int, chance: int) -> None:
    made = minted_at(RentalId(f"rent_{ulid(milliseconds, chance)}"))

    assert made == dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


@pytest.mark.parametrize(
    "name", ["", "rent_1", "rent_" + "U" * 26, "inst_" + "0" * 26, "rent_7" + "Z" * 25]
)
def test_what_is_no_id_of_ours_or_of_no_time_tells_none(name: str) -> None:
    assert minted_at(RentalId(name)) is None
