from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from frontend.client.errors import Conflict
from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from frontend.client.dumont import Dumont

ONE = "/api/snapshots/snap_1"


def test_those_of_one_instance_are_asked_for_by_its_id(cloud: FakeCloud, client: Dumont) -> None:
    (snapshot,) = client.snapshots.all("inst_1")

    assert cloud.calls("GET", "/api/snapshots")[0].query == {"instance_id": "inst_1"}
    assert (snapshot.state, snapshot.keep) == ("acked", False)


def test_a_snapshot_is_kept_for_ever(client: Dumont) -> None:
    assert client.snapshots.keep("snap_1").keep is True


@pytest.mark.parametrize(
    ("asked", "body", "kind"),
    [
        ({}, {}, "wake"),
        ({"new_instance": False}, {"new_instance": False}, "wake"),
        (
            {"new_instance": True, "label": "again"},
            {"new_instance": True, "label": "again"},
            "create",
        ),
    ],
)
def test_a_restore_says_only_what_its_caller_said(
    cloud: FakeCloud, client: Dumont, asked: dict[str, Any], body: dict[str, Any], kind: str
) -> None:
    accepted = client.snapshots.restore("snap_1", **asked)

    assert cloud.calls("POST", f"{ONE}/restore")[0].body == body
    assert accepted.operation.kind == kind


def test_a_snapshot_is_deleted(cloud: FakeCloud, client: Dumont) -> None:
    client.snapshots.delete("snap_1")

    assert len(cloud.calls("DELETE", ONE)) == 1


def test_one_that_is_needed_is_not_deleted_and_says_why(cloud: FakeCloud, client: Dumont) -> None:
    cloud.script("DELETE", ONE, problem(409, "conflict", "The instance would wake from it."))

    with pytest.raises(Conflict, match="would wake from it"):
        client.snapshots.delete("snap_1")


def test_a_cut_line_does_not_make_a_second_order(cloud: FakeCloud, client: Dumont) -> None:
    for method, path in (("POST", f"{ONE}/keep"), ("POST", f"{ONE}/restore"), ("DELETE", ONE)):
        cloud.script(method, path, Reply(drop=True))

    client.snapshots.keep("snap_1")
    client.snapshots.restore("snap_1")
    client.snapshots.delete("snap_1")

    keys = [each.headers["idempotency-key"] for each in cloud.seen if each.method != "GET"]
    assert len(keys) == 6
    assert (keys[::2], len(set(keys))) == (keys[1::2], 3)


def test_an_id_cannot_lead_to_another_path(cloud: FakeCloud, client: Dumont) -> None:
    odd = "/api/snapshots/..%2Finstances%2Finst_1"
    cloud.script("DELETE", odd, Reply(204))

    client.snapshots.delete("../instances/inst_1")

    assert cloud.seen[-1].path == odd


def test_a_condemned_one_is_read_as_such(cloud: FakeCloud, client: Dumont) -> None:
    page = {"items": [shapes.snapshot(state="condemned")], "next_page_token": None}
    cloud.script("GET", "/api/snapshots", Reply(body=page))

    assert [each.state for each in client.snapshots.all()] == ["condemned"]
