"""The variables of a deployed function against what the code reads."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from infra.packaging.manifest import ROOT, Function, load
from shared.bootstrap import settings_of
from tests.terraform.test_functions import settings

if TYPE_CHECKING:
    from tests.terraform.plans import Plan

pytestmark = pytest.mark.terraform
MANIFEST = load()
NAMED = {"ids": lambda function: function.name}
VARIABLE = re.compile(r"DUMONT_[A-Z_]+|GOOGLE_CLOUD_PROJECT")
OF_THE_FRAMEWORK = {"THREADS"}
BOOTSTRAP = ast.parse((ROOT / "shared" / "bootstrap.py").read_text())


def read_by_the_code() -> set[str]:
    """Every name in shared/bootstrap.py that can be a variable's."""
    return {
        node.value
        for node in ast.walk(BOOTSTRAP)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and VARIABLE.fullmatch(node.value)
    }


def demanded() -> set[str]:
    """Those without which it raises KeyError: environment["..."]."""
    return {
        node.slice.value
        for node in ast.walk(BOOTSTRAP)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and VARIABLE.fullmatch(node.slice.value)
    }


def environment(plan: Plan, function: Function) -> dict[str, str]:
    found: dict[str, str] = settings(plan, function)["environment_variables"]
    return found


@pytest.mark.parametrize("function", MANIFEST.functions, **NAMED)
def test_a_function_is_told_nothing_that_no_code_reads(direct: Plan, function: Function) -> None:
    assert set(environment(direct, function)) - OF_THE_FRAMEWORK <= read_by_the_code()


@pytest.mark.parametrize("function", MANIFEST.functions, **NAMED)
def test_a_function_is_told_everything_that_the_code_demands(
    direct: Plan, function: Function
) -> None:
    of_the_background = {"DUMONT_CALLER_AUDIENCE", "DUMONT_CALLER_ACCOUNTS"}

    wanted = demanded() - (of_the_background if function.paths else set())
    assert wanted >= {"GOOGLE_CLOUD_PROJECT", "DUMONT_BUCKET"}
    assert wanted <= set(environment(direct, function))


@pytest.mark.parametrize("name", ["direct", "load_balancer", "everything"])
@pytest.mark.parametrize("function", MANIFEST.functions, **NAMED)
def test_the_code_understands_what_a_function_is_told(
    planned: dict[str, Plan], name: str, function: Function
) -> None:
    told = environment(planned[name], function)

    found = settings_of(told)

    assert told["DUMONT_PLATFORM"] == "google"
    assert found.deployment_id == ("gpu" if name == "everything" else "dumont")
    assert not found.registration_open
    assert found.public_url.startswith("https://")
    assert found.agent_url.startswith("https://agent-")
    assert found.lease_renewal_s == 300
    assert found.default_beat_s == 30
    assert found.allowed_hosts == ()


def test_one_more_proxy_is_trusted_behind_the_load_balancer(direct: Plan, balanced: Plan) -> None:
    hops = {
        function.name: settings_of(environment(balanced, function)).trusted_hops
        for function in MANIFEST.functions
        if function.paths
    }

    assert hops.pop("agent") == 1
    assert set(hops.values()) == {2}
    assert {
        settings_of(environment(direct, function)).trusted_hops for function in MANIFEST.functions
    } == {1}


def test_the_sites_pages_alone_may_call_from_a_browser(direct: Plan, balanced: Plan) -> None:
    for function in MANIFEST.functions:
        found = settings_of(environment(direct, function))
        assert found.site_origin == "https://dumont-example-dumont-site.storage.googleapis.com"
        found = settings_of(environment(balanced, function))
        assert found.site_origin == found.public_url == "https://gpu.example.com"


def test_keys_of_marketplaces_come_from_secrets(everything: Plan) -> None:
    for function in MANIFEST.functions:
        given = settings(everything, function)["secret_environment_variables"]
        keys = [(each["key"], each["secret"]) for each in given]

        reaches = "marketplace" in function.capabilities
        assert keys == ([("DUMONT_VAST_KEY", "our-vast-key")] if reaches else [])
        assert "DUMONT_VAST_KEY" not in environment(everything, function)
