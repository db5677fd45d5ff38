"""Makes the real machines fit the model: one look at what should run against what does.

Nothing is remembered but `process.json` beside each machine, so a simulator that was killed
finds what still lives and goes on.
"""

from __future__ import annotations

import json
import queue
import signal
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from infra.simulators.machine.load import write_whole
from infra.simulators.machines import folders, processes, spawn
from infra.simulators.machines.processes import ProcessRecord
from infra.simulators.machines.spec import MachineSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.machines.proxy import Proxies


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the model wants of one machine. `spec` None: no process tree."""

    machine_id: str
    spec: MachineSpec | None
    suspended: bool = False
    destroyed: bool = False
    gently: bool = True


@dataclass(slots=True)
class Machine:
    """What there is. Only its own worker thread touches the fields."""

    machine_id: str
    folder: Path
    record: ProcessRecord | None = None
    boot_no: int = 0
    suspended: bool = False
    tasks: queue.Queue[Wanted | None] = field(default_factory=queue.Queue)
    last: Wanted | None = None
    ended_boot: int = 0
    ssh_keys: tuple[str, ...] = ()


class Keeper:
    def __init__(
        self, machines: Path, proxies: Proxies, ended: Callable[[str, int], None],
        *, isolated: bool,
    ) -> None:  # fmt: skip
        """`ended(machine_id, boot_no)` is told when a machine's process ended by itself."""
        self._folder = machines
        self._proxies = proxies
        self._ended = ended
        self._isolated = isolated
        self._machines: dict[str, Machine] = {}
        self._threads: list[threading.Thread] = []

    def want(self, wanted: Wanted) -> None:
        """Bring one machine to this, soon; the same wish again costs nothing."""
        machine = self._machines.get(wanted.machine_id)
        if machine is None:
            if wanted.spec is None and wanted.destroyed and not self._known(wanted.machine_id):
                return
            machine = self._take_up(wanted.machine_id)
        if wanted != machine.last:
            machine.last = wanted
            machine.tasks.put(wanted)

    def _known(self, machine_id: str) -> bool:
        return folders.machine_folder(self._folder, machine_id).exists()

    def _take_up(self, machine_id: str) -> Machine:
        folder = folders.machine_folder(self._folder, machine_id)
        machine = Machine(machine_id, folder)
        path = folder / "process.json"
        if path.exists():
            saved = json.loads(path.read_text())
            machine.record = ProcessRecord(saved["pid"], saved["mark"])
            machine.boot_no = saved["boot_no"]
        self._machines[machine_id] = machine
        thread = threading.Thread(target=self._work, args=(machine,), daemon=True)
        self._threads.append(thread)
        thread.start()
        return machine

    def _work(self, machine: Machine) -> None:
        while (wanted := machine.tasks.get()) is not None:
            try:
                self._apply(machine, wanted)
            except (OSError, ValueError) as error:
                print(f"machine {machine.machine_id}: {error}", file=sys.stderr)
                machine.record = ProcessRecord(0, "")  # noticed as a machine that ended
            if wanted.destroyed:
                self._machines.pop(machine.machine_id, None)
                return

    def _apply(self, machine: Machine, wanted: Wanted) -> None:
        stale = wanted.spec is None or wanted.spec.boot_no != machine.boot_no
        if machine.record is not None and stale:
            inner = self._inner_init(machine.record)
            processes.end_tree(machine.record, gently=wanted.gently, init_pid=inner)
            machine.record = None
            (machine.folder / "process.json").unlink(missing_ok=True)
        if wanted.destroyed:
            self._proxies.close(machine.machine_id)
            folders.delete(self._folder, machine.machine_id)
            return
        if wanted.spec is not None and wanted.spec.boot_no != machine.boot_no:
            self._start(machine, wanted.spec)
        elif wanted.spec is not None and wanted.spec.ssh_keys != machine.ssh_keys:
            machine.ssh_keys = wanted.spec.ssh_keys
            spawn.write_keys(machine.folder, wanted.spec.ssh_keys)
        self._suspend(machine, suspended=wanted.suspended)

    def _inner_init(self, record: ProcessRecord) -> int | None:
        """The namespace's process 1 is the child of `unshare`."""
        if not self._isolated:
            return None
        tree = processes.tree(record)
        return next((each.pid for each in tree if each.ppid() == record.pid), None)

    def _start(self, machine: Machine, spec: MachineSpec) -> None:
        port = self._proxies.open(
            machine.machine_id, down_mbit=spec.down_mbit, up_mbit=spec.up_mbit
        )
        proxy = f"http://127.0.0.1:{port}"
        record = spawn.start(spec, machine.folder, proxy, isolated=self._isolated)
        machine.record, machine.boot_no, machine.suspended = record, spec.boot_no, False
        saved = {"pid": record.pid, "mark": record.mark, "boot_no": spec.boot_no, "proxy": port}
        write_whole(machine.folder / "process.json", json.dumps(saved))

    def _suspend(self, machine: Machine, *, suspended: bool) -> None:
        if machine.record is None or machine.suspended == suspended:
            return
        machine.suspended = suspended
        number = signal.SIGSTOP if suspended else signal.SIGCONT
        processes.signal_tree(machine.record, number)

    def notice_ends(self) -> None:
        """Tell about machines whose process ended by itself."""
        for machine in list(self._machines.values()):
            record, boot_no = machine.record, machine.boot_no
            wanted = machine.last
            if record is None or wanted is None or wanted.spec is None:
                continue
            if wanted.spec.boot_no != boot_no or machine.ended_boot == boot_no or record.alive:
                continue
            machine.ended_boot = boot_no
            processes.reap(record.pid)
            self._ended(machine.machine_id, boot_no)

    def alive_processes(self, machine_id: str) -> int:
        machine = self._machines.get(machine_id)
        record = machine.record if machine else None
        return len(processes.tree(record)) if record else 0

    def adopt(self) -> None:
        """After a restart: take up every machine; living ones keep their proxy's address."""
        for folder in self._folder.iterdir():
            if not folder.is_dir():
                continue
            machine_id = folder.name
            path = folder / "process.json"
            if path.exists():
                self._reopen_proxy(machine_id, json.loads(path.read_text())["proxy"])
            self._take_up(machine_id)

    def _reopen_proxy(self, machine_id: str, port: int) -> None:
        try:
            self._proxies.open(machine_id, port)
        except OSError as error:  # taken meanwhile: the machine is cut off until its next start
            print(f"machine {machine_id}: proxy port {port}: {error}", file=sys.stderr)

    def machine_ids(self) -> list[str]:
        return list(self._machines)

    def stop_all(self) -> None:
        """End every machine and keep its disk."""
        for machine in list(self._machines.values()):
            machine.tasks.put(Wanted(machine.machine_id, None))
            machine.tasks.put(None)
        for thread in self._threads:
            thread.join(timeout=processes.GRACE_S * 3)
