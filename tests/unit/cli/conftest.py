"""The command as its user meets it: arguments in, text and exit status out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from frontend.cli.main import main
from frontend.cli.profiles import Profile, Profiles
from tests.unit.client.fake_cloud import FakeCloud, running_cloud

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with running_cloud() as running:
        yield running


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cloud: FakeCloud) -> Path:
    """A person's own folder, and a terminal of 80 columns."""
    for name in ("DUMONT_API_KEY", "DUMONT_PROFILE", "DUMONT_TRACEBACK", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("DUMONT_API_URL", cloud.url)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TZ", "UTC")
    return tmp_path


@pytest.fixture
def profiles(home: Path) -> Profiles:
    return Profiles(home / "config" / "dumont" / "profiles.json")


@pytest.fixture
def logged_in(cloud: FakeCloud, profiles: Profiles) -> Profiles:
    """The default profile holds ada's login."""
    profiles.put("default", Profile(cloud.url, "ada@example.org", "access-1", "refresh-1"))
    return profiles


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, captured.out, captured.err)

    return run_command
