"""The label survives as a name."""

from __future__ import annotations

import re
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.tensordock.names import label_of, name_of
from shared.domain.errors import ProviderRefused
from tests.unit.tensordock.bodies import LABEL, NAME


@given(st.text(ascii_letters + digits + "/_.-", min_size=1))
def test_what_a_name_carries_is_the_label(label: str) -> None:
    name = name_of(label)

    assert label_of(name) == label
    assert re.fullmatch(r"[A-Za-z0-9-]+", name)


def test_our_label_becomes_a_host_name() -> None:
    assert name_of(LABEL) == NAME


@pytest.mark.parametrize("name", ["train a", "my_box", "web-1-", "späť", ""])
def test_a_foreign_name_is_its_own_label(name: str) -> None:
    assert label_of(name) == name


@pytest.mark.parametrize("label", ["", "a b", "späť", "a\n"])
def test_a_label_that_no_name_can_carry_is_refused(label: str) -> None:
    with pytest.raises(ProviderRefused):
        name_of(label)
