"""Which marketplaces a local stack simulates, and what it tells the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.settings import Local, function_environment, local_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("environment", "simulated"),
    [
        ({}, ("vast",)),
        ({"DUMONT_TENSORDOCK": "on"}, ("vast", "tensordock")),
        ({"DUMONT_TENSORDOCK": "off"}, ("vast",)),
        ({"DUMONT_TENSORDOCK": "on", "DUMONT_TENSORDOCK_KEY": "real"}, ("vast",)),
        ({"DUMONT_TENSORDOCK": "on", "DUMONT_VAST_KEY": "real"}, ("tensordock",)),
        ({"DUMONT_VAST_KEY": "real"}, ()),
    ],
)
def test_a_real_key_switches_a_simulator_off(
    environment: dict[str, str], simulated: tuple[str, ...]
) -> None:
    assert local_of(environment).simulated == simulated


def test_only_what_is_simulated_is_named_to_the_functions(tmp_path: Path) -> None:
    local = Local(8080, tmp_path, None, 10.0, ("vast", "tensordock"))
    urls = {"vast": "http://127.0.0.1:1", "tensordock": "http://127.0.0.1:2"}

    both = function_environment(local, urls, "sim")
    none = function_environment(local, {}, "sim")

    assert (both["DUMONT_VAST_KEY"], both["DUMONT_TENSORDOCK_KEY"]) == ("sim", "sim")
    assert both["DUMONT_TENSORDOCK_URL"] == "http://127.0.0.1:2"
    assert both["DUMONT_SIM_KEY"] == "sim"
    assert not {name for name in none if "KEY" in name or name.endswith("_URL")} - {
        "DUMONT_PUBLIC_URL"
    }
