from __future__ import annotations

import io
import stat
from typing import TYPE_CHECKING

import pytest

from frontend.cli.profiles import Profile, Profiles
from tests.unit.client.fake_cloud import FakeCloud, Reply, running_cloud

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Run

GOOD = "correct horse battery\n"


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_login_is_kept_for_the_next_command(
    run: Run, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, GOOD)

    logged_in = run("login", "--email", "ada@example.org", "--password-stdin")
    asked = run("whoami")

    assert (logged_in.status, asked.status) == (0, 0)
    assert "Logged in" in logged_in.out
    assert asked.out == f"ada@example.org (user_1) at {cloud.url}\n"


def test_the_profile_is_readable_by_its_owner_only(
    run: Run, profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, GOOD)

    run("register", "--email", "ada@example.org", "--password-stdin")

    assert stat.S_IMODE(profiles.path.stat().st_mode) == 0o600
    assert {each.name for each in profiles.path.parent.iterdir()} == {
        "profiles.json",
        "profiles.lock",
    }


def test_the_first_user_of_a_closed_deployment_shows_the_set_up_token(
    run: Run, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, GOOD)

    ran = run("register", "--email", "ada@example.org", "--password-stdin", "--setup-token", "once")

    (asked,) = cloud.calls("POST", "/api/auth/register")
    assert ran.status == 0
    assert asked.body == {
        "email": "ada@example.org",
        "password": GOOD.strip(),
        "setup_token": "once",
    }


def test_a_wrong_password_says_so_and_keeps_nothing(
    run: Run, profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, "guess\n")

    ran = run("login", "--email", "ada@example.org", "--password-stdin")

    assert ran.status == 3
    assert "password is wrong" in ran.err
    assert not profiles.path.exists()


def test_without_a_login_the_next_step_is_named(run: Run) -> None:
    ran = run("instance", "list")

    assert (ran.status, ran.out) == (3, "")
    assert "dumont login" in ran.err


def test_a_lapsed_login_is_renewed_and_kept(
    run: Run, cloud: FakeCloud, logged_in: Profiles
) -> None:
    cloud.access = "another"

    ran = run("whoami")

    kept = logged_in.get("default")
    assert ran.status == 0
    assert kept is not None
    assert (kept.access_token, kept.refresh_token) == ("access-2", "refresh-2")


def test_logging_out_forgets_the_tokens_and_keeps_the_address(
    run: Run, cloud: FakeCloud, logged_in: Profiles
) -> None:
    ran = run("logout")

    assert ran.status == 0
    assert logged_in.get("default") == Profile(cloud.url, "ada@example.org")
    assert cloud.calls("POST", "/api/auth/logout")


def test_logging_out_works_when_the_server_is_away(
    run: Run, cloud: FakeCloud, logged_in: Profiles
) -> None:
    cloud.script("POST", "/api/auth/logout", Reply(drop=True))

    ran = run("logout")

    assert ran.status == 0
    assert "did not answer" in ran.err


@pytest.mark.usefixtures("logged_in")
def test_a_login_never_travels_to_another_address(run: Run) -> None:
    with running_cloud() as stranger:
        ran = run("--base-url", stranger.url, "whoami")

        assert ran.status == 3
        assert all("authorization" not in each.headers for each in stranger.seen)


def test_an_address_is_taken_from_the_profile_when_nothing_else_says(
    run: Run, logged_in: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DUMONT_API_URL")

    assert run("whoami").status == 0


def test_profiles_are_apart(run: Run, cloud: FakeCloud, logged_in: Profiles) -> None:
    logged_in.put("work", Profile(cloud.url, "bob@example.org", "stale", None))

    assert run("--profile", "work", "whoami").status == 3
    assert run("whoami", "--profile", "default").status == 0


def test_an_api_key_needs_no_login(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUMONT_API_KEY", "key-1")

    assert run("whoami").status == 0


@pytest.mark.parametrize("text", ["", "[]", "{", '{"profiles": {"default": {}}}', "\x00"])
def test_a_damaged_profile_is_a_sentence(run: Run, home: Path, text: str) -> None:
    path = home / "config" / "dumont" / "profiles.json"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")

    ran = run("whoami")

    assert ran.status == 1
    assert "is damaged" in ran.err
    assert "Traceback" not in ran.err
