"""What the marketplace's four state fields say, in our words: vast.md, section 5.2, as a table."""

from __future__ import annotations

from shared.domain.frozen import dataclass
from shared.domain.rentals.contract_status import ContractStatus

_ACTUAL = frozenset(
    {
        None,
        "created",
        "loading",
        "running",
        "stopped",
        "exited",
        "frozen",
        "rebooting",
        "unknown",
        "offline",
    }
)
_INTENDED = frozenset({None, "running", "stopped", "frozen"})
_ALLOCATION = frozenset({None, "running", "stopped", "unloaded"})
_HALTED = frozenset({None, "exited", "stopped"})
_COMING = frozenset({None, "created", "loading", "rebooting"})
_REFUSED_BY_DOCKER = "OCI runtime create failed"


@dataclass(frozen=True, slots=True)
class States:
    """The fields of one row as they came."""

    actual: str | None
    intended: str | None
    current: str | None
    next: str | None
    is_bid: bool
    message: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """Holds when every condition that is given does."""

    status: ContractStatus
    actual: frozenset[str | None] | None = None
    intended: str | None = None
    current: str | None = None
    next: str | None = None
    is_bid: bool | None = None
    message: str = ""

    def holds(self, states: States) -> bool:
        return (
            (self.actual is None or states.actual in self.actual)
            and self.intended in (None, states.intended)
            and self.current in (None, states.current)
            and self.next in (None, states.next)
            and self.is_bid in (None, states.is_bid)
            and self.message in states.message
        )


_S = ContractStatus
# The first that holds decides.
_RULES = (
    _Rule(_S.LEAVING, current="unloaded"),
    _Rule(_S.LEAVING, next="unloaded"),
    _Rule(_S.UNREACHABLE, actual=frozenset({"unknown", "offline", "frozen"})),
    _Rule(_S.FAILED, actual=frozenset({None, "created"}), message=_REFUSED_BY_DOCKER),
    # Being stopped it still runs, and is still billed for it.
    _Rule(_S.RUNNING, actual=frozenset({"running"})),
    # A container that halts by order reads exited; one whose place was taken reads stopped. The
    # row cannot tell our own stop from theirs where both read stopped: who asked decides.
    _Rule(
        _S.STOPPED,
        actual=frozenset({"exited"}),
        intended="stopped",
    ),
    # Both triples of pitfall 1 (intended stopped, or running and waiting), and the orphan of a
    # bid that was too low at create.
    _Rule(_S.OUTBID, actual=_HALTED, current="stopped", next="stopped", is_bid=True),
    _Rule(_S.STOPPED, actual=_HALTED, intended="stopped"),
    _Rule(_S.STOPPED, actual=_COMING, intended="stopped", current="stopped"),
    # Nobody asked it to end, and it holds its GPU: it ended by itself.
    _Rule(_S.FAILED, actual=frozenset({"exited"}), intended="running", current="running"),
    # Ordered to start and waiting for a GPU, perhaps for ever: the boot deadline judges it.
    _Rule(_S.STARTING, actual=_HALTED, intended="running"),
    _Rule(_S.STARTING, actual=_COMING),
)


def status_of(states: States) -> ContractStatus:
    """The first row of the table that holds; a word that we do not know is UNCLEAR.

    RUNNING says what the container does and what is billed: that it is ready shows in its ports
    and in its agent's hello. OUTBID means so only for a bid that we did not stop ourselves.
    """
    known = (
        states.actual in _ACTUAL
        and states.intended in _INTENDED
        and states.current in _ALLOCATION
        and states.next in _ALLOCATION
    )
    if not known:
        return ContractStatus.UNCLEAR
    return next((rule.status for rule in _RULES if rule.holds(states)), ContractStatus.UNCLEAR)
