"""Long work and what the control plane may answer in the middle of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from infra.agent.core.facts import UNREACHABLE, Failure
from infra.agent.http import Http, Traffic
from infra.agent.work import Fenced, WorkDesk, fill_workspace, take_snapshot
from shared.agent_wire.messages import (
    FENCED,
    NOT_YET,
    OK,
    SNAPSHOT,
    Command,
    HelloAnswer,
    RestorePlan,
    UploadsAnswer,
)
from shared.domain.errors import BlobError, BlobRefused, DumontError
from tests.unit.agent.core_world import PLAN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.agent.fake_control_plane import FakeControlPlane

ORDER = Command("cmd_1", SNAPSHOT, "snap_1")
AWAY = Failure(UNREACHABLE, "away")


def desk(uploads: UploadsAnswer | Failure = AWAY, hello: HelloAnswer | Failure = AWAY) -> WorkDesk:
    return WorkDesk(
        http=Http(Traffic()),
        uploads=lambda _: uploads,
        hello=lambda: hello,
        progress=lambda _: None,
        cancelled=threading.Event(),
        load_wheels=lambda: None,
        usable=lambda _: None,
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (AWAY, BlobError),
        (UploadsAnswer(FENCED, 0.0), Fenced),
        (UploadsAnswer(NOT_YET, 0.0), BlobError),
        (UploadsAnswer(OK, 0.0), BlobRefused),
    ],
    ids=["no answer", "fenced", "not yet", "no grant"],
)
def test_without_a_right_to_write_there_is_no_snapshot(
    tmp_path: Path, answer: UploadsAnswer | Failure, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        take_snapshot(ORDER, PLAN, tmp_path, desk(answer))

    assert type(caught.value) is error


def test_a_snapshot_that_is_cancelled_ends_without_a_manifest(
    tmp_path: Path, plane: FakeControlPlane
) -> None:
    (tmp_path / "file").write_text("content")
    answer = UploadsAnswer(
        OK, plane.server_time(), plane.grant(write=True), plane.grant(write=False)
    )
    cancelled = desk(answer)
    cancelled.cancelled.set()

    with pytest.raises(DumontError):
        take_snapshot(ORDER, PLAN, tmp_path, cancelled)

    assert not [key for key in plane.objects if key.startswith("snapshots/")]


def test_nothing_to_restore_is_an_empty_folder(tmp_path: Path) -> None:
    done = fill_workspace(PLAN, 0.0, tmp_path / "new", desk())

    assert (done.files, done.size_bytes) == (0, 0)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_manifest_that_is_not_there_fails_the_restore(
    tmp_path: Path, plane: FakeControlPlane
) -> None:
    restore = RestorePlan(
        "snap_0", "snapshots/inst_1/1-rent_1/manifests/snap_0", plane.grant(write=False)
    )

    with pytest.raises(DumontError, match="missing"):
        fill_workspace(replace(PLAN, restore=restore), plane.server_time(), tmp_path, desk())


def test_a_grant_that_ended_meanwhile_is_asked_for_with_hello(
    tmp_path: Path, plane: FakeControlPlane
) -> None:
    ended = replace(plane.grant(write=False), expires_at=plane.server_time() - 1.0)
    restore = RestorePlan("snap_0", "snapshots/inst_1/1-rent_1/manifests/snap_0", ended)
    fenced = desk(hello=HelloAnswer(FENCED, 0.0))

    with pytest.raises(Fenced):
        fill_workspace(replace(PLAN, restore=restore), plane.server_time(), tmp_path, fenced)


@pytest.mark.parametrize(("precious", "left"), [("home", True), ("elsewhere", False)])
def test_what_the_image_left_is_cleared_unless_something_precious_lies_there(
    tmp_path: Path, plane: FakeControlPlane, precious: str, *, left: bool
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    (source / "mine").write_text("mine")
    (target / "readme").write_text("of the image")
    uploads = UploadsAnswer(OK, plane.server_time(), plane.grant(write=True))
    done = take_snapshot(ORDER, PLAN, source, desk(uploads))
    restore = RestorePlan("snap_1", done.manifest_key, plane.grant(write=False))
    place = target / "home" if precious == "home" else tmp_path / "elsewhere"
    wary = replace(desk(), precious=(place,))

    fill_workspace(replace(PLAN, restore=restore), plane.server_time(), target, wary)

    assert (target / "mine").read_text() == "mine"
    assert (target / "readme").exists() is left
