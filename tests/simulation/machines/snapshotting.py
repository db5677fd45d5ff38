"""The agent's long work: the workspace as it is now, into the blob store by the grants given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire import messages as wire
from shared.app.machines.beat import token_of
from shared.app.machines.uploads import uploads
from shared.domain.errors import BlobError, BlobPrecondition, BlobRefused
from tests.simulation.images import Image, image_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.agent.core.facts import Failure
    from shared.app.services import Services
    from tests.simulation.machines.life import Life

ATTEMPTS = 6
AGAIN_S = 2.0
TAKES_S = (0.5, 25.0)
AFTER_FENCE_S = (60.0, 1200.0)


class Snapshotting:
    """Grant, read the disk, pack, manifest; each object again when the store did not answer."""

    def __init__(self, life: Life, command: wire.Command, plan: wire.Plan) -> None:
        self._life = life
        self._host = life.host
        self._command = command
        self._plan = plan
        self._grant: wire.Grant | None = None
        self._image: Image | None = None
        self._attempts = 0
        self._parent_key = ""
        self.is_cancelled = False
        self._loses_sight_at_its_end = False

    def begin(self) -> None:
        if self._life.world.faults.strikes("lost_in_snapshot", "machine.snapshot"):
            self._loses_sight_at_its_end = self._host.chance.random() < 0.5
            if not self._loses_sight_at_its_end:
                self._host.lose_sight()
        self._ask()

    def _ask(self) -> None:
        if self._host.is_suspended:
            self._host.held.append(self._unless_dead(self._ask))
            return
        command, token = self._command, self._life.core.token
        request = wire.UploadsRequest(command.snapshot_id)

        def use_case(services: Services) -> wire.UploadsAnswer:
            given = self._host.when_let_write()
            answer = uploads(services, token_of(services, f"Bearer {token}"), request)
            if answer.write is not None:
                given()
            return answer

        self._host.link.ask("machine.uploads", use_case, self._granted, self._no_answer)

    def _no_answer(self, failure: Failure) -> None:
        self._attempts += 1
        if self._attempts >= ATTEMPTS:
            self._fail(f"no grant: {failure.message}")
        else:
            self._life.world.later(AGAIN_S, "uploads again", self._unless_dead(self._ask))

    def _granted(self, answer: wire.UploadsAnswer) -> None:
        if self._life.is_dead:
            return
        if answer.status == wire.CLOSED:
            self._fail("no grant: closed")
            return
        if answer.status == wire.FENCED or answer.write is None:
            reason = "fenced while asking for a grant"
            self._life.hear(lambda now: self._life.core.fenced(reason, now))
            return
        self._grant = answer.write
        self._parent_key = self._command.parent_manifest_key or answer.parent_manifest_key
        faults = self._life.world.faults
        if faults.strikes("snapshot_fails", "machine.snapshot"):
            self._fail("the disk could not be read")
            return
        if self._image is None:
            self._read_disk(answer.write)
        if faults.strikes("upload_after_fence", "machine.snapshot"):
            self._host.write_much_later(answer.write, self._command.snapshot_id)
        takes_s = self._host.chance.uniform(*TAKES_S)
        self._life.world.later(takes_s, "pack", self._unless_dead(self._put_pack))

    def _read_disk(self, grant: wire.Grant) -> None:
        host, snapshot_id = self._host, self._command.snapshot_id
        host.user_writes()
        content = host.disk.content
        self._image = image_of(content, grant.prefix, snapshot_id, self._parent_key)
        host.took(snapshot_id, self._image, content)

    def _put_pack(self) -> None:
        if self._image and self._put(self._image.pack_key, self._image.pack, self._put_pack):
            self._life.world.later(0.1, "manifest", self._unless_dead(self._put_manifest))

    def _put_manifest(self) -> None:
        image = self._image
        if image and self._put(image.manifest_key, image.manifest, self._put_manifest):
            self._done(image)

    def _put(self, key: str, content: bytes, again: Callable[[], None]) -> bool:
        """True when it is stored; else it is tried again, or has failed."""
        if self._host.is_suspended:
            self._host.held.append(again)
            return False
        if self.is_cancelled:
            self._fail("given up")
            return False
        grant = self._grant
        assert grant is not None
        try:
            self._host.link.reach_the_store()
            self._host.blobs.write_with(grant.token, key, content)
        except BlobPrecondition:
            return self._holds(key, content)
        except BlobRefused:
            self._attempts += 1
            self._retry(self._ask)  # with a fresh grant
            return False
        except BlobError:
            self._attempts += 1
            self._retry(again)
            return False
        self._host.sent(len(content))
        return True

    def _holds(self, key: str, content: bytes) -> bool:
        """Create-only: what lies there already is ours, or the snapshot has failed."""
        if self._host.blobs.objects.get(key) == content:
            return True
        self._fail(f"{key} is taken")
        return False

    def _retry(self, again: Callable[[], None]) -> None:
        if self._attempts >= ATTEMPTS:
            self._fail("the store does not answer")
        else:
            self._life.world.later(AGAIN_S, "put again", self._unless_dead(again))

    def _unless_dead(self, run: Callable[[], None]) -> Callable[[], None]:
        def go_on() -> None:
            if not self._life.is_dead:
                run()

        return go_on

    def _done(self, image: Image) -> None:
        life, command = self._life, self._command
        if self._loses_sight_at_its_end:
            self._host.lose_sight()
        done = wire.SnapshotDone(
            snapshot_id=command.snapshot_id,
            drain_id=command.drain_id,
            manifest_key=image.manifest_key,
            manifest_md5=image.manifest_md5,
            size_bytes=len(image.pack),
            new_bytes=len(image.pack),
            files=1,
            torn=(),
            seconds=1.0,
        )
        life.hear(lambda now: life.core.snapshot_done(command, done, self._host.usage(), now))

    def _fail(self, reason: str) -> None:
        life, command = self._life, self._command
        life.hear(lambda now: life.core.operation_failed(command, reason, now))
