from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from frontend.cli.output import Column, fitted
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem
from tests.unit.client.shapes import T0, T1

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

ROOT = "/api/machines/history"
BLOCK = {"source": "automatic", "reason": "3 of its last 3 launches failed", "since": T0}
TALLY = {"source": "own", "attempts": 4, "ready": 3, "lost": 1, "reliability": 0.5}
MACHINE = {"provider": "vast", "machine_id": "41234", "gpu_name": "RTX 4090", "own": TALLY}
ATTEMPT = {
    "rental_id": "rent_1",
    "instance_id": "inst_1",
    "provider": "vast",
    "machine_id": "41234",
    "gpu_name": "RTX 4090",
    "began_at": T0,
    "ended_at": T1,
    "seconds": 12.0,
    "stage": "loading",
    "outcome": "failed",
    "reason": "not ready in time",
}
SUMMARY = {
    "attempts": 9,
    "ready": 5,
    "failed": 3,
    "withdrawn": 1,
    "success_rate": 0.625,
    "failed_by_stage": {"creating": 1, "loading": 2, "booting": 0},
    "seconds_to_ready": {"p50_s": 62.0, "p90_s": None, "samples": 5},
    "since": T0,
    "as_of": T1,
    "blacklisted": 2,
}


def page(*items: dict[str, Any]) -> Reply:
    return Reply(body={"items": list(items), "next_page_token": None})


def test_the_history_is_counted(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", f"{ROOT}/summary", Reply(body=SUMMARY))

    ran = run("machines", "history", "--hours", "48", "--provider", "vast")

    assert ran.status == 0
    assert "5 (62.5%)" in ran.out
    assert "3 (1 creating, 2 loading, 0 booting)" in ran.out
    asked = cloud.calls("GET", f"{ROOT}/summary")[0].query
    assert asked == {"hours": "48.0", "provider": "vast"}


def test_launches_are_listed_with_what_became_of_them(run: Run, cloud: FakeCloud) -> None:
    lost = {**ATTEMPT, "outcome": "ready", "lost_at": T1, "lost_reason": "its host died"}
    cloud.script("GET", f"{ROOT}/attempts", page(ATTEMPT, lost))

    ran = run("machines", "attempts", "--provider", "vast", "--machine", "41234")

    assert "failed loading" in ran.out
    assert "ready, lost later" in ran.out
    assert max(len(line.rstrip()) for line in ran.out.splitlines()) <= 80


def test_a_machine_without_its_provider_is_refused_here(run: Run, cloud: FakeCloud) -> None:
    ran = run("machines", "attempts", "--machine", "41234")

    assert ran.status == 2
    assert cloud.calls("GET", f"{ROOT}/attempts") == []


@pytest.mark.parametrize("which", ["reliable", "problematic"])
def test_machines_are_listed_with_their_share_and_block(
    run: Run, cloud: FakeCloud, which: str
) -> None:
    shared = {**MACHINE, "machine_id": "7", "own": None, "shared": TALLY, "blacklist": BLOCK}
    cloud.script("GET", f"{ROOT}/{which}", page(MACHINE, shared))

    ran = run("machines", which, "--min-attempts", "2")

    own, others = (line for line in ran.out.splitlines() if line.startswith("vast/"))
    assert "50.0%" in own
    assert "50.0%*" in others
    assert cloud.calls("GET", f"{ROOT}/{which}")[0].query == {"min_attempts": "2"}


def test_one_machine_is_shown_with_its_last_launches(run: Run, cloud: FakeCloud) -> None:
    found = {**MACHINE, "recent": [ATTEMPT], "blacklist": BLOCK}
    cloud.script("GET", f"{ROOT}/stats/vast/41234", Reply(body=found))

    ran = run("machines", "stats", "vast", "41234")

    assert "3 of its last 3 launches failed" in ran.out
    assert "failed loading" in ran.out


def test_the_blacklist_is_listed(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", f"{ROOT}/blacklist", page({**BLOCK, **MACHINE, "until": T1}))

    ran = run("machines", "blacklist", "list", "--source", "automatic")

    assert "vast/41234" in ran.out
    assert "2026-11-01 10:00:12" in ran.out


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ([], {}),
        (["--reason", "slow disk", "--hours", "24"], {"reason": "slow disk", "hours": 24.0}),
    ],
)
def test_a_machine_is_blocked(
    run: Run, cloud: FakeCloud, options: list[str], body: dict[str, Any]
) -> None:
    path = f"{ROOT}/blacklist/vast/41234"
    cloud.script("POST", path, Reply(body={**BLOCK, **MACHINE, "until": None}))

    ran = run("machines", "blacklist", "add", "vast", "41234", *options)

    assert ran.status == 0
    assert ran.out.strip() == "vast/41234 is passed over until you end it."
    assert cloud.calls("POST", path)[0].body == body


def test_a_machine_is_trusted_again(run: Run, cloud: FakeCloud) -> None:
    path = f"{ROOT}/blacklist/vast/41234"
    cloud.script("DELETE", path, Reply(204))

    ran = run("machines", "blacklist", "remove", "vast", "41234")

    assert (ran.status, len(cloud.calls("DELETE", path))) == (0, 1)


def test_one_that_is_not_blocked_is_said_not_to_be(run: Run, cloud: FakeCloud) -> None:
    path = f"{ROOT}/blacklist/vast/41234"
    cloud.script("DELETE", path, problem(404, "not_found", "this machine is not blacklisted"))

    ran = run("machines", "blacklist", "remove", "vast", "41234")

    assert ran.status == 4
    assert "not blacklisted" in ran.err


def test_a_check_says_why(run: Run, cloud: FakeCloud) -> None:
    answer = {"provider": "vast", "machine_id": "41234", "blacklisted": True, "blacklist": BLOCK}
    cloud.script("GET", f"{ROOT}/blacklist/check/vast/41234", Reply(body=answer))

    ran = run("machines", "blacklist", "check", "vast", "41234")

    assert "3 of its last 3 launches failed" in ran.out


@pytest.mark.parametrize(
    ("arguments", "path", "answer"),
    [
        (["history"], "summary", SUMMARY),
        (["attempts"], "attempts", {"items": [ATTEMPT]}),
        (["reliable"], "reliable", {"items": [MACHINE]}),
        (["problematic"], "problematic", {"items": [MACHINE]}),
        (["stats", "vast", "41234"], "stats/vast/41234", MACHINE),
        (["blacklist", "list"], "blacklist", {"items": [{**BLOCK, **MACHINE}]}),
    ],
)
def test_json_says_what_the_server_said(
    run: Run, cloud: FakeCloud, arguments: list[str], path: str, answer: dict[str, Any]
) -> None:
    cloud.script("GET", f"{ROOT}/{path}", Reply(body=answer))

    ran = run("machines", *arguments, "--json")

    assert set(ran.json) == set(answer)


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("attempts", "No launches"),
        ("reliable", "No machine has launched well"),
        ("problematic", "No machine makes trouble"),
        ("blacklist list", "No machine is passed over"),
    ],
)
def test_nothing_is_said_in_words(run: Run, cloud: FakeCloud, which: str, said: str) -> None:
    path, _, _ = which.partition(" ")
    cloud.script("GET", f"{ROOT}/{path}", page())

    assert said in run("machines", *which.split()).out


def test_on_a_narrow_terminal_the_widest_column_gives_way() -> None:
    columns = (Column("GPU", gives_way=True), Column("TOOK"), Column("WHY", gives_way=True))
    row = ("RTX 4090", "1.8 s", "another machine was ready first, so it was let go at once")

    assert fitted(columns, [row], 40) == [8, 5, 25]


def test_no_column_gets_narrower_than_its_title() -> None:
    columns = (Column("MACHINE"), Column("WHY", gives_way=True))

    assert fitted(columns, [("vast/41234", "slow disk")], 5) == [10, 3]
