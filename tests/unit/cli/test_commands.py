from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")


def test_offers_fit_80_columns_with_ids_and_prices_whole(run: Run) -> None:
    ran = run("offers")

    assert ran.status == 0
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    for whole in ("vast:30000001", "8x H100 SXM", "$18.250", "98.7%"):
        assert whole in ran.out


def test_offers_say_who_did_not_answer_and_what_is_hidden(run: Run) -> None:
    ran = run("offers")

    assert "runpod: silent" in ran.err
    assert "3 more are hidden" in ran.err


def test_every_filter_reaches_the_server(run: Run, cloud: FakeCloud) -> None:
    ran = run(
        *("offers", "--gpu", "RTX 4090", "--num-gpus", "0", "--min-gpu-ram-gb", "24"),
        *("--min-cpu-cores", "8", "--min-cpu-ram-gb", "32", "--min-disk-gb", "100"),
        *("--min-inet-down-mbps", "500", "--min-inet-up-mbps", "50", "--max-price", "1.5"),
        *("--min-reliability", "0.9", "--region", "EU", "--verified-only", "--static-ip"),
        *("--cuda-version", "12.4", "--machine-type", "interruptible", "--provider", "vast"),
        *("--order-by", "reliability", "--limit", "5", "--json"),
    )

    assert ran.status == 0
    assert len(cloud.calls("GET", "/api/instances/offers")[0].query) == 18


def test_no_offers_is_a_sentence(run: Run, cloud: FakeCloud) -> None:
    nothing = {**shapes.offers(), "items": [], "warnings": []}
    cloud.script("GET", "/api/instances/offers", Reply(body=nothing))

    assert "No offer passes" in run("offers").out


def test_creating_shows_the_phases_and_how_to_log_in(
    run: Run, cloud: FakeCloud, tmp_path: Path
) -> None:
    key = tmp_path / "id_test.pub"
    key.write_text("ssh-ed25519 AAAA you")

    ran = run(
        *("instance", "create", "--gpu", "H100 SXM", "--num-gpus", "8", "--race", "3"),
        *("--provider", "tensordock", "--ssh-key", str(key)),
    )

    assert ran.status == 0
    assert "renting" in ran.err
    assert "12.0 s" in ran.err
    assert "dumont instance ssh inst_1" in ran.err
    assert ran.out == "create of inst_1: done.\n"
    (asked,) = cloud.calls("POST", "/api/instances")
    assert asked.body == {
        "want": {"gpu_name": "H100 SXM", "num_gpus": 8, "provider": "tensordock"},
        "race": {"width": 3},
        "ssh_public_key": "ssh-ed25519 AAAA you",
    }


def test_without_a_public_key_nobody_is_told_to_log_in(run: Run) -> None:
    ran = run("instance", "create", "--offer", "vast:1")

    assert ran.err.index("no public key in ~/.ssh") < ran.err.index("is being set up")
    assert "dumont instance ssh" not in ran.err


def test_offers_tell_the_odds_and_who_is_passed_over(run: Run, cloud: FakeCloud) -> None:
    block = {"source": "manual", "reason": "slow disk", "since": shapes.T0, "until": None}
    offered = {**shapes.offer(1, blacklist=block), "p_ready": 0.584}
    cloud.script(
        "GET", "/api/instances/offers", Reply(body={**shapes.offers(), "items": [offered]})
    )

    ran = run("offers", "--include-blacklisted")

    assert "58%" in ran.out
    assert "Passed over for you: vast:30000001" in ran.err
    assert "slow disk" in ran.err


def test_without_waiting_it_is_said_how_to_follow(run: Run, cloud: FakeCloud) -> None:
    ran = run("instance", "pause", "inst_1", "--no-wait")

    assert ran.out == "pause of inst_1: accepted.\n"
    assert "dumont operations wait op_1" in ran.err
    assert cloud.calls("GET", "/api/operations/op_1") == []


@pytest.mark.parametrize(
    "verb",
    ["pause", "resume", "hibernate", "wake", "snapshot", "reboot", "failover", "keep-alive"],
)
def test_every_order_reaches_the_instance(run: Run, cloud: FakeCloud, verb: str) -> None:
    ran = run("instance", verb, "inst_1")

    assert ran.status == 0
    assert cloud.calls("POST", f"/api/instances/inst_1/{verb}")


def test_an_empty_start_has_to_be_asked_for(run: Run, cloud: FakeCloud) -> None:
    run("instance", "failover", "inst_1")
    run("instance", "failover", "inst_1", "--discard-unsaved")

    asked = [each.body for each in cloud.calls("POST", "/api/instances/inst_1/failover")]
    assert asked == [{"discard_unsaved": False}, {"discard_unsaved": True}]


@pytest.mark.parametrize(
    "arguments",
    [
        ("offers",),
        ("whoami",),
        ("instance", "create", "--offer", "vast:1"),
        ("instance", "list"),
        ("instance", "show", "inst_1"),
        ("instance", "pause", "inst_1"),
        ("instance", "keep-alive", "inst_1"),
        ("instance", "destroy", "inst_1", "--yes"),
        ("instance", "logs", "inst_1"),
        ("instance", "events", "inst_1"),
        ("instance", "cost", "inst_1"),
        ("instance", "ssh", "inst_1"),
        ("instance", "metrics", "inst_1"),
        ("audit",),
        ("balance",),
        ("budget", "show"),
        ("budget", "set", "50"),
        ("snapshots",),
        ("snapshots", "keep", "snap_1"),
        ("snapshots", "restore", "snap_1"),
        ("snapshots", "delete", "snap_1", "--yes"),
        ("operations", "show", "op_1"),
        ("operations", "wait", "op_1"),
        ("logout",),
    ],
)
def test_with_json_the_output_is_one_document_and_nothing_else(
    run: Run, arguments: tuple[str, ...]
) -> None:
    ran = run(*arguments, "--json")

    assert (ran.status, ran.err) == (0, "")
    assert isinstance(ran.json, dict)


def test_json_before_the_command_is_the_same(run: Run) -> None:
    assert run("--json", "instance", "list").json == run("instance", "list", "--json").json


def test_an_instance_is_shown_with_its_load_and_unknowns_as_dashes(run: Run) -> None:
    ran = run("instance", "show", "inst_1")

    assert "GPU 91.5%, -, CPU 12%" in ran.out
    assert "ssh -p 40122 root@127.0.0.1" in ran.out


def test_the_list_fits_80_columns_with_ids_of_full_length(run: Run, cloud: FakeCloud) -> None:
    whole = "inst_" + "A" * 26
    longest = shapes.instance(id=whole, state="provisioning", label="a label of some length")
    cloud.script("GET", "/api/instances", Reply(body={**shapes.instances(), "items": [longest]}))

    ran = run("instance", "list")

    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert whole in ran.out
    assert "$18.250" in ran.out


def test_cost_is_shown_line_by_line_with_its_uncertainty(run: Run) -> None:
    ran = run("instance", "cost", "inst_1")

    assert "9001" in ran.out
    assert "$1.502500" in ran.out
    assert "Total $1.5025 +/- $0.0050" in ran.out
    assert "$1.503000" in ran.out
    assert "Billed by the provider up to 2026-11-01 10:00:12: $1.5130" in ran.out
    assert "Differs: contract 9002 disk, billed $0.010000, ours $0.000000" in ran.err


def test_the_audit_says_who_did_what_and_why(run: Run, cloud: FakeCloud) -> None:
    ran = run("audit", "--since", "2026-11-01", "--actor", "key_1", "--limit", "10")

    assert "ordered.pause" in ran.out
    assert "by its owner" in ran.out
    (seen,) = cloud.calls("GET", "/api/audit")
    assert seen.query == {"since": "2026-11-01T00:00:00+00:00", "actor": "key_1", "limit": "200"}


def test_log_lines_cannot_command_the_terminal(run: Run) -> None:
    ran = run("instance", "logs", "inst_1", "--tail", "1")

    assert ran.out == "red  [31m[bold]alert\n"


@pytest.mark.parametrize(
    ("arguments", "consequence"),
    [
        ((), "A final snapshot is taken and verified before the machine goes"),
        (("--no-final-snapshot",), "work since 2026-11-01 10:00:12 is lost"),
        (("--force",), "work since 2026-11-01 10:00:12 is lost"),
    ],
)
def test_destroying_unasked_needs_a_yes_and_says_what_is_lost(
    run: Run, cloud: FakeCloud, arguments: tuple[str, ...], consequence: str
) -> None:
    ran = run("instance", "destroy", "inst_1", *arguments)

    assert ran.status == 2
    assert consequence in " ".join(ran.err.split())
    assert cloud.calls("DELETE", "/api/instances/inst_1") == []


def test_destroying_with_a_yes_says_what_to_keep(run: Run, cloud: FakeCloud) -> None:
    ran = run("instance", "destroy", "inst_1", "--yes", "--reason", "over")

    assert ran.status == 0
    (asked,) = cloud.calls("DELETE", "/api/instances/inst_1")
    assert asked.query == {
        "final_snapshot": "true",
        "keep_snapshots": "true",
        "reason": "over",
    }


def test_ssh_remembers_host_keys_per_machine_and_not_per_address(run: Run) -> None:
    ran = run("instance", "ssh", "inst_1", "--print", "-i", "key", "--", "ls", "-l")

    assert ran.out == (
        "ssh -p 40122 -o HostKeyAlias=dumont-inst_1-2 -o StrictHostKeyChecking=accept-new "
        "-i key -o IdentitiesOnly=yes -- root@127.0.0.1 ls -l\n"
    )


def test_a_sleeping_instance_has_no_shell_and_the_way_to_one_is_named(
    run: Run, cloud: FakeCloud
) -> None:
    asleep = shapes.instance(state="asleep", ssh=None, machine=None)
    cloud.script("GET", "/api/instances/inst_1", Reply(body=asleep))

    ran = run("instance", "ssh", "inst_1")

    assert ran.status == 1
    assert "dumont instance wake inst_1" in ran.err


def test_the_first_public_key_of_the_user_goes_along(
    run: Run, cloud: FakeCloud, home: Path
) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_ed25519.pub").write_text("ssh-ed25519 AAAA ada\n", encoding="utf-8")

    run("instance", "create", "--offer", "vast:1", "--no-wait")

    (asked,) = cloud.calls("POST", "/api/instances")
    assert asked.body["ssh_public_key"] == "ssh-ed25519 AAAA ada"


def test_ssh_is_given_the_keys_of_a_home_that_is_not_the_accounts(run: Run, home: Path) -> None:
    (home / ".ssh").mkdir()
    for name in ("id_ed25519", "id_ed25519.pub", "id_rsa.pub"):
        (home / ".ssh" / name).write_text("a key", encoding="utf-8")

    ran = run("instance", "ssh", "inst_1", "--print")

    assert f"-i {home}/.ssh/id_ed25519 -- root@127.0.0.1" in ran.out
    assert "id_rsa" not in ran.out  # its private half is elsewhere


def test_a_key_that_ssh_does_not_try_by_itself_is_named_in_the_way_to_log_in(
    run: Run, home: Path
) -> None:
    for name in ("work key", "work key.pub"):
        (home / name).write_text("ssh-ed25519 AAAA you", encoding="utf-8")

    ran = run("instance", "create", "--offer", "vast:1", "--ssh-key", str(home / "work key.pub"))

    assert f"dumont instance ssh -i '{home}/work key' inst_1" in ran.err.replace("\n", " ")


def test_a_private_key_never_leaves(run: Run, cloud: FakeCloud, home: Path) -> None:
    key = home / "id"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n", encoding="utf-8")

    ran = run("instance", "create", "--offer", "vast:1", "--ssh-key", str(key))

    assert ran.status == 2
    assert cloud.seen == []
