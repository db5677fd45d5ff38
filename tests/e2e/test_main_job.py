"""Rent, work, sleep, wake, let go: on the real local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.person import Person
    from tests.e2e.running_stack import RunningStack

SEALED = b"dumont-snapshot 2 "


def manifests(folder: Path) -> int:
    """Stored objects that begin as the manifest of a sealed snapshot does."""
    files = (path for path in (folder / "blobs/content").rglob("*") if path.is_file())
    return sum(path.read_bytes().startswith(SEALED) for path in files)


def test_work_survives_sleeping_and_waking_and_nothing_is_left_after_destroying(
    person: Person, stack: RunningStack
) -> None:
    instance_id = person.runs(width=2)
    person.says(instance_id, "printf 'loss went down' > notes.txt")
    slept_on = person.contract_of(instance_id)
    sealed = manifests(stack.folder)

    person.cloud.instances.hibernate(instance_id)
    asleep = person.sees(instance_id, "asleep")
    assert manifests(stack.folder) > sealed
    person.provider.keeps_nothing()
    person.cloud.instances.wake(instance_id)
    person.sees(instance_id, "running")
    read_back = person.says(instance_id, "cat notes.txt")
    woke_on = person.contract_of(instance_id)
    person.cloud.instances.destroy(instance_id)
    person.provider.keeps_nothing()

    assert asleep.machine is None or asleep.machine.contract_id is None
    assert read_back == "loss went down"
    assert woke_on != slept_on
    assert person.provider.kept() == []
