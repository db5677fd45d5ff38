"""A rented host: one contract of the provider's model, its disk, its container, its agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.simulators.vast.model import billing
from shared.agent_wire import messages as wire
from shared.app.machines.hello import hello
from shared.domain.errors import BlobError
from tests.simulation.machines.container import Container, Disk
from tests.simulation.machines.life import Life
from tests.simulation.machines.link import Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.vast.model.state import Contract
    from tests.simulation.blobs import SimulatedBlobs
    from tests.simulation.images import Image
    from tests.simulation.machines.machines import Machines
    from tests.simulation.ports import World

AGENT_BYTES = 1_000_000
SKEW_S = 300.0
AGENT_IS_BACK_S = (0.5, 40.0)
ONSTART_AGAIN_S = (0.1, 30.0)
MUCH_LATER_S = (60.0, 1200.0)
BUSY_S = (150.0, 1000.0)
QUIET_S = (60.0, 900.0)


class Host:
    """`follow` brings it to what its contract says. All else happens by itself."""

    def __init__(self, machines: Machines, contract: Contract) -> None:
        self._machines = machines
        self.world: World = machines.world
        self.blobs: SimulatedBlobs = machines.blobs
        self.contract = contract
        self.chance = machines.chance
        self.link = Link(self.world)
        self.disk = Disk(key=f"key-of-{contract.id}")
        self.container: Container | None = None
        self.life: Life | None = None
        self.plan: wire.Plan | None = None
        self.is_suspended = False
        self.is_released = False
        self.is_busy = True
        self.held: list[Callable[[], None]] = []
        self.impaired_at = self.world.clock.monotonic_s()
        self.spoke_at: float | None = None  # the last beat that was answered with OK
        self._lives = 0
        self._toggling = False
        skewed = self.world.faults.strikes("clock_skew", "machine.boot")
        self._skew_s = self.chance.choice((-SKEW_S, SKEW_S)) if skewed else 0.0

    # --- as the provider has it

    def follow(self) -> None:
        contract, container = self.contract, self.container
        wanted = contract.container_wanted and contract.destroyed_at is None
        if container is not None and (not wanted or container.boot_no != contract.boot_no):
            self._go_down()
        if wanted and self.container is None:
            self._come_up()
        self._suspend(suspended=wanted and contract.container_suspended)

    def _come_up(self) -> None:
        self.container = Container(self.contract.boot_no)
        self.received(AGENT_BYTES)
        self._live()
        if self.world.faults.strikes("onstart_twice", "machine.boot"):
            self.world.later(self.chance.uniform(*ONSTART_AGAIN_S), "onstart", self._onstart_again)

    def _go_down(self) -> None:
        """The user's processes run to the last moment, and write at it."""
        self.user_writes()
        was_working = self.works
        self.container = None
        self.impaired_at = self.world.clock.monotonic_s()
        self._end_life()
        self._machines.went_down(self, was_working=was_working)

    def lose_sight(self) -> None:
        """Its provider and we lose it for a while; it stands still meanwhile."""
        self._machines.site.hosts.lose_sight_of(self.contract)

    def come_back(self) -> None:
        """Whatever kept it from us for a while is over, unless it is dead."""
        self.link.mend()
        self._machines.site.hosts.come_back(self.contract)

    def _suspend(self, *, suspended: bool) -> None:
        if suspended == self.is_suspended:
            return
        self.is_suspended = suspended
        self.impaired_at = self.world.clock.monotonic_s()
        if not suspended:
            held, self.held = self.held, []
            for run in held:
                run()

    # --- its agent

    def _live(self) -> None:
        self._lives += 1
        self.life = Life(self, self._lives)
        self.life.begin()

    def _end_life(self) -> None:
        if self.life is not None:
            self.life.is_dead = True
            self.life = None

    def may_kill_agent(self) -> bool:
        """True when its process has just died; it is started again in a while."""
        if not self.world.faults.strikes("agent_killed", "machine.life"):
            return False
        self.world.tell(f"the agent of {self.contract.id} is killed")
        self.impaired_at = self.world.clock.monotonic_s()
        self._end_life()
        container = self.container

        def restart() -> None:
            if self.container is container and self.life is None and container is not None:
                self.impaired_at = self.world.clock.monotonic_s()
                self._live()

        self.world.later(self.chance.uniform(*AGENT_IS_BACK_S), "agent is back", restart)
        return True

    def _onstart_again(self) -> None:
        """A second run of the onstart line: the same key, the same boot, another hello."""
        if self.container is None or self.is_suspended or not self.link.is_whole:
            return
        request = self.introduction()
        self.world.ask("agent", lambda services: hello(services, request), _unheard, _unheard)

    @property
    def boot_id(self) -> str:
        return f"boot-{self.contract.id}-{self.container.boot_no if self.container else 0}"

    def clock(self) -> float:
        """What the machine believes of the time."""
        return self.world.clock.now().timestamp() + self._skew_s

    def introduction(self) -> wire.HelloRequest:
        return wire.HelloRequest(
            bootstrap_token=self.contract.env[wire.ENV_TOKEN],
            agent_key=self.disk.key,
            boot_id=self.boot_id,
            agent_version="1",
            python="3.11",
            clock=self.clock(),
            contract_id=str(self.contract.id),
        )

    # --- what the control plane says

    def welcomed(self, answer: wire.HelloAnswer) -> None:
        if answer.plan is not None:
            self.plan = answer.plan

    def beaten(self, answer: wire.HeartbeatAnswer) -> None:
        if answer.status == wire.OK:
            self.spoke_at = self.world.clock.monotonic_s()
            self._machines.spoke(self)

    # --- the user's processes

    @property
    def works(self) -> bool:
        """They run at this moment."""
        return self.container is not None and self.container.works and not self.is_suspended

    def user_writes(self) -> None:
        if self.works:
            self.disk.write(str(self.contract.id))

    def open(self, *, frozen: bool) -> None:
        if self.container is None:
            return
        self.container.is_open = True
        self.container.is_frozen = frozen
        self._machines.began_to_work(self)
        if not self._toggling:
            self._toggling = True
            self.world.later(self.chance.uniform(*BUSY_S), "user", self._toggle)

    def freeze(self) -> None:
        self.user_writes()
        if self.container is not None:
            self.container.is_frozen = True

    def thaw(self) -> None:
        if self.container is not None and self.container.is_frozen:
            self.container.is_frozen = False
            self._machines.began_to_work(self)
            self.user_writes()

    def fenced(self, reason: str) -> None:
        self.world.tell(f"machine {self.contract.id} stands still: {reason}")
        self.freeze()
        self._machines.was_fenced(self)

    def _toggle(self) -> None:
        """The user begins to work, or stops; in the calm they work on."""
        calm = self.world.faults.calm
        self.is_busy = calm or not self.is_busy
        life = self.life
        if life is not None and self.works:
            self.user_writes()
            life.hear(lambda now: life.core.sampled(life.sample(), now))
        if self.contract.destroyed_at is None and not (calm and self.is_busy):
            span_s = BUSY_S if self.is_busy else QUIET_S
            self.world.later(self.chance.uniform(*span_s), "user", self._toggle)

    # --- snapshots and traffic

    def took(self, snapshot_id: str, image: Image, content: str) -> None:
        self._machines.truth.took(self, snapshot_id, image, content)

    def filled(self, snapshot_id: str, content: str) -> None:
        before = self.disk.content
        self.disk.fill(content)
        self._machines.truth.filled(self, snapshot_id, content, before)

    def left_as_it_was(self) -> None:
        """Nothing is to be restored: what lies in the workspace stays there."""
        self._machines.truth.filled(self, "", self.disk.content, self.disk.content)

    def when_let_write(self) -> Callable[[], None]:
        return self._machines.when_let_write(self)

    def write_much_later(self, grant: wire.Grant, snapshot_id: str) -> None:
        """What a machine does that does not know how long it stood still."""

        def write() -> None:
            key = f"{grant.prefix}packs/{snapshot_id}-late"
            try:
                self.blobs.write_with(grant.token, key, b"late")
            except BlobError as error:
                self.world.tell(f"a late write to {key}: {error!r}")

        self.world.later(self.chance.uniform(*MUCH_LATER_S), "a late write", write)

    def usage(self) -> wire.Usage:
        return wire.Usage(rx_bytes=self.contract.down_bytes, tx_bytes=self.contract.up_bytes)

    def sent(self, size_bytes: int) -> None:
        self._count(0, size_bytes)

    def received(self, size_bytes: int) -> None:
        self._count(size_bytes, 0)

    def _count(self, down: int, up: int) -> None:
        site = self._machines.site
        if self.contract.destroyed_at is None:
            billing.add_traffic(site.model, self.contract, down, up, site.now())


def _unheard(_told: object) -> None:
    """The first run goes on; the second one ends."""
