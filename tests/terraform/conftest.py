"""The plans are made once: each test reads them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.terraform import plans

if TYPE_CHECKING:
    from tests.terraform.plans import Plan


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of them waits for all plans."""
    for item in items:
        if item.get_closest_marker("terraform"):
            item.add_marker(pytest.mark.timeout(plans.LONGEST_S))


@dataclass(frozen=True)
class Tested:
    """What `terraform test` answered."""

    returncode: int
    output: str
    formatted: str  # the files that `terraform fmt` would change


@pytest.fixture(scope="session")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Tested:
    if plans.binary() is None:
        miss("there is no terraform: put it on the PATH, or name it with TERRAFORM")
    folder = plans.copied(tmp_path_factory.mktemp("deployment"))
    made_ready = plans.run(folder, "init", "-backend=false", "-input=false", "-no-color")
    if made_ready.returncode != 0:
        miss(f"terraform has no provider of Google's: {made_ready.stdout}{made_ready.stderr}")
    ended = plans.run(folder, "test", "-json", "-verbose")
    formatted = plans.run(folder, "fmt", "-check", "-recursive", "-no-color")
    return Tested(ended.returncode, ended.stdout, formatted.stdout)


def miss(what: str) -> None:
    """Left out with its reason; where everything is demanded, a failure."""
    if os.environ.get("CI") == "true" or os.environ.get("DUMONT_REQUIRE_EMULATORS") == "1":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def planned(tested: Tested) -> dict[str, Plan]:
    found = plans.planned(tested.output)
    assert found, tested.output
    return found


@pytest.fixture(scope="session")
def direct(planned: dict[str, Plan]) -> Plan:
    """The defaults: every function at its own address."""
    return planned["direct"]


@pytest.fixture(scope="session")
def balanced(planned: dict[str, Plan]) -> Plan:
    return planned["load_balancer"]


@pytest.fixture(scope="session")
def everything(planned: dict[str, Plan]) -> Plan:
    """Whatever can be turned on beside the load balancer."""
    return planned["everything"]
