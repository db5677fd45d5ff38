"""Keys at the marketplaces, and the SSH key of orders to come, on the command line."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.client import shapes
from tests.unit.client.fake_cloud import FakeCloud, Reply, problem

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("logged_in")

PROVIDERS, SSH_KEY = "/api/settings/providers", "/api/settings/ssh-key"
LINE = "ssh-ed25519 AAAA ada@desk"
NONE = {"public_key": None, "fingerprint": None, "comment": None, "set_at": None}


def kept() -> dict[str, Any]:
    return {
        "public_key": LINE,
        "fingerprint": "SHA256:abc",
        "comment": "ada@desk",
        "set_at": shapes.T0,
    }


def status(provider: str, *, is_set: bool) -> dict[str, Any]:
    return {"provider": provider, "is_set": is_set, "accepted_at": shapes.T0 if is_set else None}


def test_each_marketplace_is_a_row(run: Run, cloud: FakeCloud) -> None:
    both = [status("vast", is_set=True), status("tensordock", is_set=False)]
    cloud.script("GET", PROVIDERS, Reply(body={"items": both}))

    rows = [line.split() for line in run("providers", "list").out.splitlines()]

    assert rows[1:] == [["vast", "set", "2026-11-01", "10:00:00"], ["tensordock", "none", "-"]]


def test_a_key_comes_from_a_pipe_and_is_never_shown(
    run: Run, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret-1\n"))
    cloud.script("PUT", PROVIDERS, Reply(body=status("vast", is_set=True)))

    ran = run("providers", "set", "vast", "--key-stdin")

    (asked,) = cloud.calls("PUT", PROVIDERS)
    assert asked.body == {"provider": "vast", "api_key": "secret-1"}
    assert ran.status == 0
    assert "secret-1" not in ran.out + ran.err


def test_a_key_is_removed_once(run: Run, cloud: FakeCloud) -> None:
    path = f"{PROVIDERS}/vast"
    busy = problem(503, "store_unavailable", "Away.", retry_after_s=0)
    cloud.script("DELETE", path, busy, Reply(204))

    ran = run("providers", "remove", "vast", "--yes")

    asked = cloud.calls("DELETE", path)
    assert ran.status == 0
    assert ran.out == "The key at vast is removed.\n"
    assert len({each.headers["idempotency-key"] for each in asked}) == 1
    assert len(asked) == 2


def test_nobody_is_asked_nothing_is_removed(run: Run, cloud: FakeCloud) -> None:
    ran = run("providers", "remove", "vast")

    assert ran.status == 2
    assert "--yes" in ran.err
    assert cloud.calls("DELETE", f"{PROVIDERS}/vast") == []


def test_a_key_that_machines_need_stays(run: Run, cloud: FakeCloud) -> None:
    refused = problem(409, "conflict", "Machines are rented with this key. Let them go first.")
    cloud.script("DELETE", f"{PROVIDERS}/vast", refused)

    ran = run("providers", "remove", "vast", "--yes")

    assert ran.status == 1
    assert "Let them go first" in ran.err
    assert "dumont instance list" in ran.err


def test_the_ssh_key_is_shown_by_its_fingerprint(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", SSH_KEY, Reply(body=kept()))

    ran = run("ssh-key", "show")

    assert ran.out.splitlines() == [
        "fingerprint  SHA256:abc",
        "comment      ada@desk",
        "set          2026-11-01 10:00:00",
    ]


def test_no_ssh_key_is_a_sentence_and_says_how_to_keep_one(run: Run, cloud: FakeCloud) -> None:
    cloud.script("GET", SSH_KEY, Reply(body=NONE))

    ran = run("ssh-key", "show")

    assert ran.out == "Your account keeps no key.\n"
    assert "dumont ssh-key set" in ran.err


@pytest.mark.parametrize("named", [True, False])
def test_the_key_of_a_file_is_kept_or_the_first_of_the_folder(
    run: Run, cloud: FakeCloud, home: Path, *, named: bool
) -> None:
    folder = home / ".ssh"
    folder.mkdir()
    file = (home if named else folder) / "id_x.pub"
    file.write_text(f"{LINE}\n")
    cloud.script("PUT", SSH_KEY, Reply(body=kept()))

    ran = run("ssh-key", "set", *((str(file),) if named else ()))

    (asked,) = cloud.calls("PUT", SSH_KEY)
    assert asked.body == {"public_key": LINE}
    assert "SHA256:abc" in ran.out


def test_without_any_key_nothing_is_sent(run: Run, cloud: FakeCloud) -> None:
    ran = run("ssh-key", "set")

    assert ran.status == 2
    assert cloud.calls("PUT", SSH_KEY) == []


def test_a_private_key_never_leaves_the_computer(
    run: Run, cloud: FakeCloud, tmp_path: Path
) -> None:
    file = tmp_path / "id_x"
    file.write_text("-----BEGIN OPENSSH PRIVATE KEY-----")

    ran = run("ssh-key", "set", str(file))

    assert ran.status == 2
    assert cloud.calls("PUT", SSH_KEY) == []


def test_the_ssh_key_is_removed(run: Run, cloud: FakeCloud) -> None:
    cloud.script("PUT", SSH_KEY, Reply(body=NONE))

    ran = run("ssh-key", "remove", "--json")

    (asked,) = cloud.calls("PUT", SSH_KEY)
    assert asked.body == {"public_key": ""}
    assert ran.json == {"public_key": None}
