"""No path leads out of where it belongs, and no address that a user gives is ever called.

What users hand in today names images, machines and words; the only addresses that functions call
are the operator's own (the marketplaces, Google). Whoever adds a field for an address meets this
file: it has to be resolved once, found public, and called by what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.security.doors import doors, kept, served

if TYPE_CHECKING:
    from tests.security.people import Person

ADDRESSES = {"url", "uri", "host", "endpoint", "webhook", "callback", "origin", "proxy"}
UPWARDS = (
    "../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\etc\\passwd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "errors/../../../../etc/passwd",
    "pages/../../functions.json",
    "40-errors.md%00.html",
    "file:///etc/passwd",
    "content/40-errors.md",
    "..",
    ".",
    "~",
    "%c0%ae%c0%ae/etc/passwd",
)
FILES = ("/api/content/", "/assets/", "/assets/pages/", "/api/v1/content/")
COLLECTIONS = (
    ("instances", "/api/instances/"),
    ("instances", "/api/snapshots/"),
    ("auth", "/api/auth/keys/"),
)


def taken_fields() -> list[tuple[str, str, dict[str, Any]]]:
    """Every field of every body and query that a route takes, however deep."""
    return [
        (door.name, name, schema)
        for door in doors()
        for model in (door.route.body, door.route.query)
        if model is not None
        for part in _parts(model.model_json_schema())
        for name, schema in part.get("properties", {}).items()
    ]


def _parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *schema.get("$defs", {}).values()]


def test_no_field_takes_an_address() -> None:
    fields = taken_fields()

    known = {"image", "onstart", "ssh_public_key", "email", "idle_minutes", "gpu_name"}
    assert known <= {name for _, name, _ in fields}
    for door, name, schema in fields:
        assert not set(name.lower().split("_")) & ADDRESSES, (door, name)
        assert schema.get("format") not in {"uri", "hostname", "ipv4", "ipv6"}, (door, name)


@pytest.mark.parametrize("path", UPWARDS)
@pytest.mark.parametrize("base", FILES)
def test_no_path_leads_out_of_the_files_that_are_served(
    services: Any, base: str, path: str
) -> None:
    before = kept(services.store)

    answer = served("system").get(base + path)

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert kept(services.store) == before


@pytest.mark.parametrize("path", UPWARDS)
@pytest.mark.parametrize(("function", "base"), COLLECTIONS)
def test_no_path_leads_out_of_a_collection(
    services: Any, ada: Person, function: str, base: str, path: str
) -> None:
    before = kept(services.store)

    answer = served(function).delete(base + path, headers=ada.login)

    assert answer.status_code in {404, 405}
    assert kept(services.store) == before
