from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.agent.core.facts import Memory
from infra.agent.home import Home, HomeBusy, choose_home
from infra.packaging.agent_bundle import build
from shared.agent_wire.messages import DRAIN, EVENT_LOG, AgentEvent, Command

if TYPE_CHECKING:
    from pathlib import Path


def event(name: str, *lines: str) -> AgentEvent:
    return AgentEvent(id=name, kind=EVENT_LOG, clock=1.0, lines=lines)


def test_the_key_is_made_once_and_is_for_the_agents_eyes_only(tmp_path: Path) -> None:
    key = Home(tmp_path).agent_key()

    assert Home(tmp_path).agent_key() == key
    assert len(key) >= 32
    assert (tmp_path / "agent.key").stat().st_mode & 0o777 == 0o600


def test_memory_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    memory = Memory(
        taken=("cmd_1", "cmd_2"),
        operation=Command("cmd_2", DRAIN, "snap", "drain"),
        waiting=(Command("cmd_3", DRAIN),),
        frozen_by="cmd_2",
        restored="rent_1/snap_0",
        state_seq=7,
    )

    Home(tmp_path).keep(memory)

    assert Home(tmp_path).memory() == memory


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"taken": 3}', b"\xff\xfe"])
def test_memory_that_cannot_be_read_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "memory.json").write_bytes(content)

    assert Home(tmp_path).memory() == Memory()


def test_events_wait_on_disk_in_order_until_they_are_recorded(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for name in ("b", "a", "c"):
        home.spool(event(name))
    home.unspool(("a", "unknown"))

    later = Home(tmp_path)

    assert [each.id for each in later.spooled()] == ["b", "c"]
    later.spool(event("d"))
    later.unspool(("b",))
    assert [each.id for each in Home(tmp_path).spooled()] == ["c", "d"]


def test_an_event_spooled_again_takes_its_own_place(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.spool(event("a", "first"))
    home.spool(event("b"))

    home.spool(event("a", "second"))

    assert [each.lines for each in Home(tmp_path).spooled()] == [("second",), ()]


def test_a_spooled_file_of_nonsense_is_removed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.spool(event("a"))
    (tmp_path / "events/000000000007.json").write_text("half of an ev")

    assert [each.id for each in Home(tmp_path).spooled()] == ["a"]
    assert len(list((tmp_path / "events").iterdir())) == 1


def test_one_agent_per_home(tmp_path: Path) -> None:
    Home(tmp_path).lock()

    with pytest.raises(HomeBusy):
        Home(tmp_path).lock()


def test_a_home_that_is_named_is_made(tmp_path: Path) -> None:
    wanted = tmp_path / "deep" / "down"

    assert choose_home({"DUMONT_AGENT_HOME": str(wanted)}) == wanted
    assert wanted.is_dir()


def test_the_bundle_is_the_same_bytes_every_time() -> None:
    first, second = build(), build()

    assert first == second
    assert len(first.sha256) == 64
