"""What terraform itself says of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terraform import plans

if TYPE_CHECKING:
    from tests.terraform.conftest import Tested

pytestmark = pytest.mark.terraform


def test_every_run_of_terraform_test_passes(tested: Tested) -> None:
    runs = {
        (each["test_run"]["path"], each["test_run"]["run"]): each["test_run"]["status"]
        for each in plans.messages(tested.output)
        if each["type"] == "test_run" and each["test_run"]["progress"] == "complete"
    }
    said = [each["@message"] for each in plans.messages(tested.output)]

    assert tested.returncode == 0, "\n".join(said)
    assert len(runs) >= 7
    assert set(runs.values()) == {"pass"}, runs


def test_the_files_are_formatted(tested: Tested) -> None:
    assert tested.formatted == ""
