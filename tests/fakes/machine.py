"""A rented machine that pretends to run the agent: it speaks agent_wire."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.agent_wire import messages as wire
from shared.domain.errors import DumontError, Unauthenticated
from tests.fakes.line import Direct

if TYPE_CHECKING:
    from shared.app.services import Services
    from tests.fakes.blobs import FakeBlobs
    from tests.fakes.contracts import TrueContract
    from tests.fakes.line import Line

AGAIN_S = 5.0
RESTORE_S = 10.0
SNAPSHOT_S = 10.0
AGENT_BYTES = 1_000_000


@dataclass
class Disk:
    """What a stop does not lose. `work` counts what the user has done."""

    key: str
    work: int = 0
    restored: str = ""
    done_commands: set[str] = field(default_factory=set)
    outbox: list[wire.AgentEvent] = field(default_factory=list)
    told: int = 0


@dataclass
class Boot:
    """What one start of the container holds in memory."""

    number: int
    next_at: datetime
    token: str = ""
    receipt: str = ""
    seq: int = 1
    told_seq: int = 0
    phase: str = wire.BOOTING
    plan: wire.Plan | None = None
    fenced: bool = False
    frozen_by: str = ""
    acks: list[str] = field(default_factory=list)
    leisurely: list[str] = field(default_factory=list)  # told until a beat is written down
    jobs: list[tuple[datetime, wire.Command]] = field(default_factory=list)
    restore_at: datetime | None = None


class FakeMachine:
    """One container. `step` does whatever is due; `busy` is whether its user works."""

    def __init__(
        self,
        contract: TrueContract,
        blobs: FakeBlobs,
        clock_s: float = 0.0,
        line: Line | None = None,
    ) -> None:
        self.contract = contract
        self._line = line or Direct()
        self.clock_s = clock_s  # what it believes: a machine's clock may say anything
        self._blobs = blobs
        self.disk = Disk(key=f"key-of-{contract.id}")
        self.boot: Boot | None = None
        self.busy = True
        self.cut_off = False  # it works, and reaches nobody
        self.frozen = False  # it stands still, and will go on as if nothing had been
        self.statuses: list[str] = []  # of every hello
        self.last_uploads: wire.UploadsAnswer | None = None

    @property
    def works(self) -> bool:
        """Its user's processes run."""
        boot = self.boot
        ready = bool(boot and not boot.fenced and boot.phase == wire.READY and not boot.frozen_by)
        return ready and not self.frozen

    def step(self, services: Services, provider_now: datetime) -> None:
        """Raises only what kills the process that it talks to."""
        if not self.contract.machine_runs(provider_now):
            self.boot = None
            return
        if self.frozen or (self.cut_off and self.boot):
            return
        now = services.clock.now()
        if self.boot is None or self.boot.number != self.contract.boots:
            self.boot = Boot(self.contract.boots, now)
            self.contract.received = max(self.contract.received, AGENT_BYTES)
        if self.boot.fenced or now < self.boot.next_at:
            return
        self.boot.next_at = now + timedelta(seconds=AGAIN_S)
        try:
            self._speak(services, self.boot, now)
        except Unauthenticated:
            self.boot.token = ""
        except DumontError:
            return

    def do_work(self) -> None:
        if self.works and self.busy:
            self.disk.work += 1

    def set_busy(self, busy: object) -> None:
        self.busy = bool(busy)
        self._changed()

    def say_hello(self, services: Services, key: str = "") -> wire.HelloAnswer:
        token = self.contract.order.env[wire.ENV_TOKEN]
        number = self.boot.number if self.boot else 0
        answer = self._line.hello(
            services,
            wire.HelloRequest(
                bootstrap_token=token,
                agent_key=key or self.disk.key,
                boot_id=f"boot-{number}",
                agent_version="1",
                python="3.11",
                clock=self.clock_s,
                contract_id=self.contract.id,
            ),
        )
        self.statuses.append(answer.status)
        return answer

    # --- inside

    def _speak(self, services: Services, boot: Boot, now: datetime) -> None:
        if not boot.token:
            self._hello(services, boot, now)
            return
        self._restore(boot, now)
        self._do_jobs(services, boot, now)
        self._beat(services, boot)
        self._tell(services, boot)

    def _hello(self, services: Services, boot: Boot, now: datetime) -> None:
        answer = self.say_hello(services)
        if answer.status == wire.FENCED:
            boot.fenced = True
        if answer.status != wire.OK or answer.plan is None:
            return
        first = boot.plan is None
        boot.token, boot.plan = answer.machine_token, answer.plan
        if not first:
            return
        boot.phase = wire.READY
        if answer.plan.restore and answer.plan.restore.snapshot_id != self.disk.restored:
            boot.phase, boot.restore_at = wire.RESTORING, now + timedelta(seconds=RESTORE_S)

    def _restore(self, boot: Boot, now: datetime) -> None:
        if boot.phase != wire.RESTORING or boot.restore_at is None or now < boot.restore_at:
            return
        if boot.plan is None or boot.plan.restore is None:
            raise AssertionError("a machine restores what its plan names")
        plan = boot.plan.restore
        manifest = json.loads(self._blobs.read_with(plan.grant.token, plan.manifest_key))
        self.disk.work = manifest["work"]
        self.disk.restored = plan.snapshot_id
        boot.phase = wire.READY
        self._changed()
        self._remember(
            wire.EVENT_RESTORED, snapshot_id=plan.snapshot_id, files=1, bytes=1, seconds=10.0
        )

    def _beat(self, services: Services, boot: Boot) -> None:
        news = not boot.receipt or boot.told_seq != boot.seq
        answer = self._line.beat(
            services,
            boot.token,
            wire.HeartbeatRequest(
                state_seq=boot.seq,
                clock=self.clock_s,
                receipt="" if news else boot.receipt,
                status=self._status(boot) if news else None,
                usage=self._usage() if news else None,
                acks=(*boot.acks, *boot.leisurely),
            ),
        )
        boot.acks = []
        if answer.status == wire.FENCED:
            boot.fenced = True
            return
        boot.told_seq = boot.seq
        if answer.receipt:
            boot.leisurely = []
        boot.receipt = answer.receipt or ("" if news else boot.receipt)
        boot.token = answer.machine_token or boot.token
        boot.next_at = services.clock.now() + timedelta(seconds=answer.next_beat_s)
        for command in answer.commands:
            self._take(boot, command, services.clock.now())

    def _take(self, boot: Boot, command: wire.Command, now: datetime) -> None:
        if command.at_leisure:
            boot.leisurely.append(command.id)
        else:
            boot.acks.append(command.id)
            boot.next_at = min(boot.next_at, now + timedelta(seconds=AGAIN_S))
        if command.id in self.disk.done_commands:
            return
        self.disk.done_commands.add(command.id)
        if command.kind == wire.RENEW:
            boot.receipt = ""
        if command.kind == wire.THAW and boot.frozen_by == command.drain_id:
            boot.frozen_by = ""
            boot.jobs = [job for job in boot.jobs if job[1].drain_id != command.drain_id]
            self._changed()
        if command.kind in {wire.DRAIN, wire.SNAPSHOT}:
            boot.frozen_by = command.drain_id or boot.frozen_by
            boot.jobs.append((now + timedelta(seconds=SNAPSHOT_S), command))
            if not command.at_leisure:
                self._changed()

    def _do_jobs(self, services: Services, boot: Boot, now: datetime) -> None:
        for job in [each for each in boot.jobs if each[0] <= now]:
            self._snapshot(services, boot, job[1])
            boot.jobs.remove(job)

    def _snapshot(self, services: Services, boot: Boot, command: wire.Command) -> None:
        request = wire.UploadsRequest(command.snapshot_id)
        answer = self._line.uploads(services, boot.token, request)
        self.last_uploads = answer
        if answer.status != wire.OK or answer.write is None:
            self._remember(wire.EVENT_SNAPSHOT_FAILED, snapshot_id=command.snapshot_id)
            return
        key = f"{answer.write.prefix}manifests/{command.snapshot_id}"
        content = {"work": self.disk.work, "parent": answer.parent_manifest_key}
        manifest = json.dumps(content).encode()
        if key not in self._blobs.objects:
            self._blobs.write_with(answer.write.token, key, manifest)
        self.contract.sent += 100_000
        done = wire.SnapshotDone(
            snapshot_id=command.snapshot_id,
            drain_id=command.drain_id,
            manifest_key=key,
            manifest_md5=hashlib.md5(self._blobs.objects[key]).hexdigest(),
            size_bytes=len(manifest),
            new_bytes=len(manifest),
            files=1,
            torn=(),
            seconds=SNAPSHOT_S,
        )
        self._remember(
            wire.EVENT_SNAPSHOT_DONE,
            snapshot_id=command.snapshot_id,
            snapshot=done,
            usage=self._usage(),
        )

    def _tell(self, services: Services, boot: Boot) -> None:
        if not self.disk.outbox:
            return
        request = wire.EventsRequest(tuple(self.disk.outbox))
        answer = self._line.events(services, boot.token, request)
        left = [each for each in self.disk.outbox if each.id not in answer.recorded]
        self.disk.outbox = left

    def _remember(self, kind: str, **fields: object) -> None:
        self.disk.told += 1
        event = wire.AgentEvent(f"evt-{self.disk.told}", kind, self.clock_s, **fields)  # type: ignore[arg-type]
        self.disk.outbox.append(event)

    def _changed(self) -> None:
        if self.boot:
            self.boot.seq += 1

    def _status(self, boot: Boot) -> wire.AgentStatus:
        verdict = wire.BUSY if self.busy or boot.phase != wire.READY else wire.IDLE
        phase = wire.DRAINING if boot.frozen_by else boot.phase
        idle = wire.Idleness(verdict, 200.0 if verdict == wire.IDLE else 0.0)
        return wire.AgentStatus(phase=phase, idle=idle, boot_id=f"boot-{boot.number}")

    def _usage(self) -> wire.Usage:
        return wire.Usage(rx_bytes=self.contract.received, tx_bytes=self.contract.sent)
