"""What is kept: the store with its indexes, the buckets, the master key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.packaging import indexes
from shared.adapters.firestore.documents import EXPIRE_AT
from shared.adapters.firestore.indexes import composite_indexes
from tests.terraform.test_functions import PROJECT

if TYPE_CHECKING:
    from tests.terraform.plans import Plan

pytestmark = pytest.mark.terraform


def mode_of(field: dict[str, str]) -> tuple[str, str]:
    (mode,) = (field[name] for name in ("order", "array_config") if field.get(name))
    return field["field_path"], mode


def test_every_composite_index_that_a_query_needs_is_made_and_no_other(direct: Plan) -> None:
    made = {
        (
            each.after["collection"],
            tuple(map(mode_of, each.after["fields"])),
        )
        for each in direct.all("google_firestore_index")
    }

    _, queries = indexes.declared()
    wanted = {(each.collection, each.fields) for each in composite_indexes(queries)}
    assert len(wanted) > 20
    assert made == wanted


def test_what_expires_is_removed_and_its_moment_is_not_indexed(direct: Plan) -> None:
    fields = direct.all("google_firestore_field")

    collections, _ = indexes.declared()
    expiring = {each.name for each in collections if each.expires is not None}
    assert {each.after["collection"] for each in fields} == expiring
    for each in fields:
        assert each.after["field"] == EXPIRE_AT
        assert len(each.after["ttl_config"]) == 1
        assert each.after["index_config"] == [{"indexes": []}]


def test_the_store_cannot_be_deleted_by_a_slip_and_is_backed_up(direct: Plan) -> None:
    store = direct.one("google_firestore_database.store")
    backup = direct.one("google_firestore_backup_schedule.daily[0]")

    assert (store["name"], store["type"]) == ("(default)", "FIRESTORE_NATIVE")
    assert store["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    assert backup["retention"] == f"{7 * 86400}s"


def test_no_bucket_but_the_sites_can_be_opened_to_the_public(direct: Plan) -> None:
    prevention = {
        each.after["name"]: each.after["public_access_prevention"]
        for each in direct.all("google_storage_bucket")
    }

    assert prevention == {
        f"{PROJECT}-dumont-snapshots": "enforced",
        f"{PROJECT}-dumont-sources": "enforced",
        f"{PROJECT}-dumont-site": "inherited",
    }


def test_buckets_grant_as_a_whole_and_bill_nothing_that_was_deleted(direct: Plan) -> None:
    for each in direct.all("google_storage_bucket"):
        assert each.after["uniform_bucket_level_access"] is True
        assert each.after["soft_delete_policy"][0]["retention_duration_seconds"] == 0


def test_uploads_that_were_never_finished_are_removed_from_the_snapshots(direct: Plan) -> None:
    (rule,) = direct.one("google_storage_bucket.snapshots")["lifecycle_rule"]

    assert rule["action"][0]["type"] == "AbortIncompleteMultipartUpload"
    assert rule["condition"][0]["age"] == 7


def test_no_value_of_a_secret_passes_through_the_state(everything: Plan) -> None:
    kinds = [each.kind for each in everything.resources if "secret" in each.kind]

    assert set(kinds) == {
        "google_secret_manager_secret",
        "google_secret_manager_secret_iam_member",
    }
