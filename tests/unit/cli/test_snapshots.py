from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

ONE = "/api/snapshots/snap_1"
LIST = ("GET", "/api/snapshots")


def page(*snapshots: dict[str, object]) -> Reply:
    return Reply(body={"items": list(snapshots), "next_page_token": None})


def test_bare_it_lists(run: Run, cloud: FakeCloud) -> None:
    ran = run("snapshots", "--instance", "inst_1")

    assert ran.status == 0
    assert "snap_1" in ran.out
    assert cloud.calls(*LIST)[0].query == {"instance_id": "inst_1"}


def test_ids_of_full_length_fit_80_columns(run: Run, cloud: FakeCloud) -> None:
    longest = shapes.snapshot(
        id="snap_" + "A" * 26,
        instance_id="inst_" + "B" * 26,
        size_bytes=1023 * 2**30,
        new_bytes=1023 * 2**30,
        keep=True,
    )
    cloud.script(*LIST, page(longest))

    ran = run("snapshots")

    assert max(len(line.rstrip()) for line in ran.out.splitlines()) <= 80
    for whole in (longest["id"], longest["instance_id"], "1023.0 GiB", "yes"):
        assert whole in ran.out


def test_a_damaged_one_is_called_so(run: Run, cloud: FakeCloud) -> None:
    cloud.script(*LIST, page(shapes.snapshot(damage="a pack holds other bytes than were written")))

    assert "damaged" in run("snapshots").out


def test_every_instance_has_a_table_of_its_own(run: Run, cloud: FakeCloud) -> None:
    cloud.script(
        *LIST,
        page(
            shapes.snapshot(id="snap_1", instance_id="inst_2"),
            shapes.snapshot(id="snap_2", instance_id="inst_1"),
            shapes.snapshot(id="snap_3", instance_id="inst_2"),
        ),
    )

    ran = run("snapshots")

    first = [line.split()[0] for line in ran.out.splitlines() if line.startswith("snap_")]
    assert first == ["snap_2", "snap_1", "snap_3"]
    assert ran.out.index("Of inst_1:") < ran.out.index("snap_2") < ran.out.index("Of inst_2:")


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"state": "acked"}, "2026-11-01 10:00:12"),
        ({"state": "condemned"}, "being removed"),
        ({"state": "abandoned", "verified_at": None}, "abandoned"),
        ({"state": "uploaded", "verified_at": None}, "not verified"),
    ],
)
def test_a_moment_stands_only_by_what_can_be_restored(
    run: Run, cloud: FakeCloud, changes: dict[str, object], standing: str
) -> None:
    cloud.script(*LIST, page(shapes.snapshot(**changes)))

    ran = run("snapshots")

    assert standing in ran.out
    assert ("2026-11-01" in ran.out) is standing.startswith("2026")


def test_keeping_says_for_how_long(run: Run, cloud: FakeCloud) -> None:
    ran = run("snapshots", "keep", "snap_1")

    assert ran.out == "snap_1 is kept until you delete it.\n"
    assert len(cloud.calls("POST", f"{ONE}/keep")) == 1


@pytest.mark.parametrize(
    ("arguments", "body", "kind"),
    [
        ((), {}, "wake"),
        (("--wake",), {"new_instance": False}, "wake"),
        (
            ("--new", "--label", "again"),
            {"new_instance": True, "label": "again"},
            "create",
        ),
    ],
)
def test_restoring_asks_for_what_was_said_and_shows_it_through(
    run: Run, cloud: FakeCloud, arguments: tuple[str, ...], body: dict[str, object], kind: str
) -> None:
    done = {**shapes.operation(3, kind)}
    cloud.script("GET", "/api/operations/op_1", Reply(body=done))

    ran = run("snapshots", "restore", "snap_1", *arguments)

    assert (ran.status, ran.out) == (0, f"{kind} of inst_1: done.\n")
    assert cloud.calls("POST", f"{ONE}/restore")[0].body == body
    assert "dumont instance ssh inst_1" in ran.err


def test_a_restore_need_not_be_waited_for(run: Run, cloud: FakeCloud) -> None:
    ran = run("snapshots", "restore", "snap_1", "--no-wait")

    assert ran.out == "wake of inst_1: accepted.\n"
    assert "dumont operations wait op_1" in ran.err
    assert cloud.calls("GET", "/api/operations/op_1") == []


def test_a_label_that_a_wake_cannot_use_is_not_passed_over(run: Run) -> None:
    ran = run("snapshots", "restore", "snap_1", "--label", "again", "--no-wait")

    assert ran.status == 0
    assert "the label is not used" in ran.err


def test_deleting_unasked_needs_a_yes_and_says_what_is_lost(run: Run, cloud: FakeCloud) -> None:
    ran = run("snapshots", "delete", "snap_1")

    assert ran.status == 2
    assert "can be restored by nobody; its bytes go one to two days later" in " ".join(
        ran.err.split()
    )
    assert cloud.seen == []


def test_deleting_with_a_yes(run: Run, cloud: FakeCloud) -> None:
    ran = run("snapshots", "delete", "snap_1", "--yes")

    assert (ran.status, ran.out) == (0, "snap_1 is removed.\n")
    assert len(cloud.calls("DELETE", ONE)) == 1


def test_one_that_is_needed_stays_and_the_reason_is_told(run: Run, cloud: FakeCloud) -> None:
    why = "it cannot go: it is what the instance would wake from"
    cloud.script("DELETE", ONE, problem(409, "conflict", why))

    ran = run("snapshots", "delete", "snap_1", "--yes")

    assert (ran.status, ran.out) == (1, "")
    assert why in ran.err


def test_an_unknown_one_is_not_found_and_the_list_is_named(run: Run) -> None:
    ran = run("snapshots", "restore", "snap_2")

    assert ran.status == 4
    assert "dumont snapshots" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("snapshots", "nonsense"),
        ("snapshots", "keep"),
        ("snapshots", "--instance", "inst_1", "keep", "snap_1"),
        ("snapshots", "restore", "snap_1", "--wake", "--label", "again"),
        ("instance", "destroy", "inst_1", "--final-snapshot", "--drop-snapshots"),
        ("instance", "metrics", "inst_1", "--since", "yesterday"),
    ],
)
def test_what_contradicts_itself_is_told_before_anything_is_asked(
    run: Run, cloud: FakeCloud, arguments: tuple[str, ...]
) -> None:
    ran = run(*arguments)

    assert ran.status == 2
    assert "Error: " in ran.err
    assert cloud.seen == []


@pytest.mark.parametrize("verb", [("keep",), ("restore",), ("delete", "--yes")])
def test_json_may_stand_before_the_sub_command(run: Run, verb: tuple[str, ...]) -> None:
    before = run("snapshots", "--json", *verb, "snap_1")
    after = run("snapshots", *verb, "snap_1", "--json")

    assert (before.status, before.err) == (after.status, after.err) == (0, "")
    assert isinstance(before.json, dict)
    assert before.json.keys() == after.json.keys()
