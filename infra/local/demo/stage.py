"""What every step of the demo works with, and how it looks at the instance."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from frontend.client.dumont import Dumont
from infra.local.demo import shell
from infra.local.demo.choosing import Kind
from infra.local.demo.journal import DemoFailed, Journal
from infra.local.demo.result import Result
from infra.local.demo.truth import SideDoor

if TYPE_CHECKING:
    from frontend.client.models.instances import Accepted, Instance
    from frontend.client.models.operations import Phase

Facts = dict[str, dict[str, object]]

_ON_MACHINE = Path(__file__).parent / "on_machine"
LOGIN_WITHIN_S = 60.0


@dataclass
class Stage:
    """One run of the demo. `instance_id` is empty until there is one."""

    journal: Journal
    cloud: Dumont
    provider: SideDoor
    key: shell.Key
    result: Result = field(default_factory=Result)
    kind: Kind | None = None
    instance_id: str = ""

    def instance(self) -> Instance:
        """As the API shows it to somebody who looks on, which makes its machine report often.
        Raises DemoFailed when it has failed for good.
        """
        instance = self.cloud.instances.get(self.instance_id, watch=True)
        if instance.state == "failed":
            raise DemoFailed(f"the instance failed: {instance.state_reason}")
        return instance

    def follow(self, accepted: Accepted) -> None:
        """Waits for the end of an operation and writes down its phases."""
        self.follow_operation(accepted.operation.id, accepted.operation.kind)

    def follow_operation(self, operation_id: str, kind: str) -> None:
        def tell(phase: Phase) -> None:
            if phase.seconds is not None:
                self.journal.say(f"     {kind}: {phase.name} took {phase.seconds:.1f} s")
                self.result.phases[f"{kind}.{phase.name}"] = round(phase.seconds, 2)

        left_s = self.journal.left_s()
        self.cloud.operations.wait(operation_id, tell, timeout_s=left_s, longest_poll_s=1.0)

    def until_state(self, *states: str) -> Instance:
        """The instance once it is in one of these states, telling the states on the way."""
        told: list[str] = []

        def look() -> Instance | None:
            instance = self.instance()
            if not told or told[-1] != instance.state:
                told.append(instance.state)
                reason = f": {instance.state_reason}" if instance.state_reason else ""
                self.journal.say(f"   {instance.state}{reason}")
            return instance if instance.state in states else None

        return self.journal.until(f"the state {' or '.join(states)}", look)

    def command(self, command: str, *, script: str | None = None) -> str:
        """What a command printed on the machine; `script` is a file of on_machine for its
        standard input. Tries again while the machine does not let us in.
        """
        stdin = (_ON_MACHINE / script).read_text(encoding="utf-8") if script else ""

        def attempt() -> str | None:
            address = self.instance().ssh
            if address is None:
                return None
            try:
                left_s = self.journal.left_s()
                return shell.run(address, self.key, command, stdin=stdin, within_s=left_s)
            except shell.NotYet:
                return None

        return self.journal.until("a way in over SSH", attempt, LOGIN_WITHIN_S)

    def facts(self) -> Facts:
        """What the machine itself says of every file."""
        found: Facts = json.loads(self.command("python3 -", script="facts.py"))
        return found

    def machine_id(self) -> str:
        """Raises DemoFailed when there is no machine beneath the instance."""
        machine = self.instance().machine
        if machine is None or machine.machine_id is None or machine.contract_id is None:
            raise DemoFailed("the running instance names no machine")
        return machine.machine_id

    def contract_id(self) -> str:
        machine = self.instance().machine
        if machine is None or machine.contract_id is None:
            raise DemoFailed("the running instance names no contract")
        return machine.contract_id.rpartition(":")[2]
