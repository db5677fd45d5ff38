"""The load balancer's paths against the manifest's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.packaging.manifest import load
from tests.terraform.test_functions import service

if TYPE_CHECKING:
    from tests.terraform.plans import Plan

pytestmark = pytest.mark.terraform
MANIFEST = load()
BEHIND = sorted(
    (each for each in MANIFEST.functions if each.paths and each.name != "agent"),
    key=lambda each: each.name,
)
EXAMPLES = [path.replace("*", "x") for function in BEHIND for path in function.paths if path != "/"]


def rules(plan: Plan) -> list[tuple[str, str]]:
    """A path of the map, and the function to which it leads: one rule for each, by name."""
    (matcher,) = plan.one("module.front_door[0].google_compute_url_map.this")["path_matcher"]
    assert len(matcher["path_rule"]) == len(BEHIND)
    return [
        (path, function.name)
        for function, rule in zip(BEHIND, matcher["path_rule"], strict=True)
        for path in rule["paths"]
    ]


def leads_to(plan: Plan, asked: str) -> str | None:
    """As Google has it: an exact path first, then the longest `/*`; None is the site."""
    known = dict(rules(plan))
    if asked in known:
        return known[asked]
    wide = [each for each in known if each.endswith("/*") and asked.startswith(each[:-1])]
    return known[max(wide, key=len)] if wide else None


def test_no_two_functions_have_the_same_path(balanced: Plan) -> None:
    paths = [path for path, _ in rules(balanced)]

    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_path_leads_to_the_function_that_serves_it_with_a_version_too(
    balanced: Plan, path: str
) -> None:
    (owner,) = (each.name for each in BEHIND if each.serves(path))

    assert leads_to(balanced, path) == owner
    if path.startswith("/api/"):
        assert leads_to(balanced, path.replace("/api/", "/api/v1/", 1)) == owner


@pytest.mark.parametrize("path", ["/api/nothing", "/api/v1/nothing", "/api/instancesx"])
def test_what_nobody_serves_leads_to_the_function_that_says_so(balanced: Plan, path: str) -> None:
    assert leads_to(balanced, path) == "system"


@pytest.mark.parametrize("path", ["/", "/index.html", "/instances/inst_1", "/agent/v1/heartbeat"])
def test_all_else_is_a_page(balanced: Plan, path: str) -> None:
    assert leads_to(balanced, path) is None


def test_each_function_behind_it_has_its_own_backend_under_the_shield(balanced: Plan) -> None:
    endpoints = balanced.all("google_compute_region_network_endpoint_group")
    backends = balanced.all("google_compute_backend_service")

    names = sorted(map(service, BEHIND))
    assert sorted(each.after["cloud_run"][0]["service"] for each in endpoints) == names
    assert sorted(each.after["name"] for each in backends) == [f"dumont-{name}" for name in names]


def test_one_address_is_slowed_down_and_all_else_passes(balanced: Plan) -> None:
    shield = balanced.one("module.front_door[0].google_compute_security_policy.this")

    found = {rule["priority"]: rule for rule in shield["rule"]}
    (limit,) = found[1000]["rate_limit_options"]
    (threshold,) = limit["rate_limit_threshold"]
    assert (found[1000]["action"], found[2147483647]["action"]) == ("throttle", "allow")
    assert (limit["exceed_action"], limit["enforce_on_key"]) == ("deny(429)", "IP")
    assert (threshold["count"], threshold["interval_sec"]) == (600, 60)


def test_the_host_has_a_certificate_and_http_leads_to_https(balanced: Plan) -> None:
    certificate = balanced.all("google_compute_managed_ssl_certificate")[0].after
    redirect = balanced.one("module.front_door[0].google_compute_url_map.redirect")

    assert certificate["managed"] == [{"domains": ["gpu.example.com"]}]
    assert redirect["default_url_redirect"][0]["https_redirect"] is True
    ports = {
        each.after["port_range"] for each in balanced.all("google_compute_global_forwarding_rule")
    }
    assert ports == {"80", "443"}


def test_pages_come_from_the_cache_under_a_strict_policy(balanced: Plan) -> None:
    site = balanced.one("module.front_door[0].google_compute_backend_bucket.site")

    assert site["enable_cdn"] is True
    assert site["bucket_name"] == "dumont-example-dumont-site"
    names = {header.split(":")[0] for header in site["custom_response_headers"]}
    assert {"Strict-Transport-Security", "X-Content-Type-Options"} <= names


def test_without_it_nothing_has_a_fixed_price(direct: Plan) -> None:
    assert [each.kind for each in direct.resources if each.kind.startswith("google_compute")] == []
