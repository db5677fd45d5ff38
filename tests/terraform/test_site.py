"""The static pages and what they are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.packaging.manifest import load
from tests.terraform.plans import PAGES
from tests.terraform.test_functions import url

if TYPE_CHECKING:
    from tests.terraform.plans import Plan

pytestmark = pytest.mark.terraform
MANIFEST = load()


def test_every_file_of_the_build_is_a_page(direct: Plan) -> None:
    pages = {
        each.after["name"]: (each.after["content_type"], each.after["cache_control"])
        for each in direct.all("google_storage_bucket_object")
        if each.address.startswith("google_storage_bucket_object.page")
    }

    assert set(pages) == set(PAGES)
    assert pages["index.html"] == ("text/html; charset=utf-8", "no-cache")
    assert pages["site/main-1a2b.js"] == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )


def test_what_the_build_keeps_for_itself_is_no_page(direct: Plan) -> None:
    pages = {each.after["name"] for each in direct.all("google_storage_bucket_object")}

    assert not pages & {".sources", ".vite/manifest.json"}


def test_a_link_to_a_page_works_on_a_buckets_own_host(direct: Plan, balanced: Plan) -> None:
    def entries(plan: Plan) -> dict[str, str]:
        return {
            each.after["name"]: each.after["content_type"]
            for each in plan.all("google_storage_bucket_object")
            if each.address.startswith("google_storage_bucket_object.entry")
        }

    assert entries(direct)["register"] == "text/html; charset=utf-8"
    assert entries(balanced) == {}  # every path that is no function's leads to the page


def test_the_pages_are_told_where_each_area_answers(direct: Plan) -> None:
    config = json.loads(direct.one("google_storage_bucket_object.site_config")["content"])

    of = {function.name: url(function) for function in MANIFEST.functions}
    assert config == {"areas": {area: of[name] for area, name in MANIFEST.areas.items()}}


def test_behind_the_load_balancer_the_pages_call_their_own_host(balanced: Plan) -> None:
    config = json.loads(balanced.one("google_storage_bucket_object.site_config")["content"])

    assert config == {"areas": {}}
