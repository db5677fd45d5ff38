"""Which words of a container about its contract are taken for a different one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import ContractId
from shared.domain.machines.whereabouts import is_elsewhere

UUID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize("told", ["12345", "C.12345", "c.12345", "C12345", " 12345\n", "012345"])
def test_every_known_form_of_the_number_names_the_contract(told: str) -> None:
    assert not is_elsewhere(told, ContractId("12345"))
    assert is_elsewhere(told, ContractId("12346"))


@pytest.mark.parametrize(
    "told",
    [
        "",
        "unknown",
        "C.",
        "C.12345.6",
        "12345-abc",
        "3f4e9c0d1b2a",  # docker's short id
        "123456789012",  # one of only digits
        "\u0661\u0662\u0663",
        UUID,
        "x" * 64,
    ],
)
def test_what_cannot_be_read_proves_nothing(told: str) -> None:
    assert not is_elsewhere(told, ContractId("12345"))


def test_an_id_of_the_other_kind_is_held_against_its_own_kind_only() -> None:
    assert not is_elsewhere(UUID.upper(), ContractId(UUID))
    assert is_elsewhere(UUID.replace("1", "2"), ContractId(UUID))
    assert not is_elsewhere("12345", ContractId(UUID))
    assert not is_elsewhere("vm_9", ContractId("vm_8"))


def test_while_nothing_is_bound_nothing_is_elsewhere() -> None:
    assert not is_elsewhere("12345", None)


@given(st.integers(1, 10**10 - 1), st.integers(1, 10**10 - 1))
def test_two_numbers_are_told_apart_by_their_value(told: int, bound: int) -> None:
    assert is_elsewhere(f"C.{told}", ContractId(str(bound))) is (told != bound)
