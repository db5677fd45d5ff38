"""Shows an operation's phases while they happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.cli.figures import duration, plain

if TYPE_CHECKING:
    from frontend.cli.session import Session
    from frontend.client.dumont import Dumont
    from frontend.client.models.instances import Accepted
    from frontend.client.models.operations import Operation, Phase
    from frontend.client.operations import OnPhase

# Somebody sits and waits: what is over is told soon.
LONGEST_POLL_S = 2.0


def follow(
    session: Session, client: Dumont, operation_id: str, timeout_s: float | None = None
) -> Operation:
    """The operation once it has succeeded. Raises what `operations.wait` raises."""
    if session.as_json:
        return _wait(client, operation_id, None, timeout_s)
    console = session.out.console(error=True)
    with console.status("waiting", spinner="line") as status:

        def tell(phase: Phase) -> None:
            name = plain(phase.name).replace("_", " ")
            if phase.ended_at is None:
                status.update(name)
            else:
                console.print(f"  {name:<24}{duration(phase.seconds):>12}")

        return _wait(client, operation_id, tell, timeout_s)


def _wait(
    client: Dumont, operation_id: str, tell: OnPhase | None, timeout_s: float | None
) -> Operation:
    return client.operations.wait(
        operation_id, tell, timeout_s=timeout_s, longest_poll_s=LONGEST_POLL_S
    )


def see_through(session: Session, client: Dumont, accepted: Accepted, *, wait: bool) -> None:
    """Says what was accepted; with `wait`, follows it to its end and shows how it ended."""
    operation = accepted.operation
    if wait:
        operation = follow(session, client, operation.id)
    instance = accepted.instance
    if session.as_json:
        if wait and instance is not None:
            instance = client.instances.get(instance.id)
        _answer(session, accepted.model_copy(update={"operation": operation, "instance": instance}))
        return
    said = "done" if wait else "accepted"
    session.out.line(f"{operation.kind} of {operation.target}: {said}.")
    if not wait:
        session.out.remark(f"Follow it: `dumont operations wait {operation.id}`.")


def _answer(session: Session, accepted: Accepted) -> None:
    from frontend.cli.output import dumped

    instance = None if accepted.instance is None else dumped(accepted.instance)
    session.out.json({"operation": dumped(accepted.operation), "instance": instance})
