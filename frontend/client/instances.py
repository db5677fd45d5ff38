"""The `/api/instances` area."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from frontend.client.models.balances import BalanceList
from frontend.client.models.base import read
from frontend.client.models.history import Cost, LogLine, Series, Snapshot, TimelineEvent
from frontend.client.models.instances import Accepted, Instance, InstanceList
from frontend.client.models.offers import Offer, OfferList
from frontend.client.orders import OfferQuery, Order, said
from frontend.client.paging import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from frontend.client.problem import Json
    from frontend.client.transport import Query, Transport

_ROOT = "/api/instances"


class Instances:
    """Every call that spends or destroys carries an Idempotency-Key of its own."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def offers(self, wanted: OfferQuery | None = None) -> OfferList:
        """The first page of what the market offers."""
        return read(OfferList, self._transport.get(f"{_ROOT}/offers", _filters(wanted)))

    def all_offers(self, wanted: OfferQuery | None = None) -> Iterator[Offer]:
        """All offers, page by page."""
        return walk(self._transport, f"{_ROOT}/offers", Offer, _filters(wanted))

    def balance(self) -> BalanceList:
        """The credit at every provider with an account of the caller's."""
        return read(BalanceList, self._transport.get(f"{_ROOT}/balance"))

    def create(self, order: Order) -> Accepted:
        """Rent. Raises PaymentRequired, Conflict (offer gone), Invalid and the like."""
        return read(Accepted, self._transport.spend("POST", _ROOT, said(order)))

    def list(self, status: str | None = None, page_token: str | None = None) -> InstanceList:
        """One page, the first unless a token names another, with this page's totals."""
        query = {"status": status, "page_token": page_token}
        return read(InstanceList, self._transport.get(_ROOT, query))

    def all(self, status: str | None = None) -> Iterator[Instance]:
        """All instances, page by page."""
        return walk(self._transport, _ROOT, Instance, {"status": status})

    def get(self, instance_id: str, *, watch: bool = False) -> Instance:
        """The instance as it is now. With `watch` its machine reports every few seconds for
        the next minute. Raises NotFound.
        """
        query = {"watch": True} if watch else {}
        return read(Instance, _instance(self._transport.get(_path(instance_id), query)))

    def pause(self, instance_id: str) -> Accepted:
        """Stop the machine and keep it and its disk."""
        return self._order(instance_id, "pause")

    def resume(self, instance_id: str) -> Accepted:
        """Start a paused machine."""
        return self._order(instance_id, "resume")

    def hibernate(self, instance_id: str) -> Accepted:
        """Snapshot, verify, and let the machine go."""
        return self._order(instance_id, "hibernate")

    def wake(
        self,
        instance_id: str,
        *,
        gpu_name: str | None = None,
        region: str | None = None,
        max_price: float | None = None,
        snapshot_id: str | None = None,
    ) -> Accepted:
        """Rent a machine and restore the last verified snapshot, or the one named, onto it."""
        asked = {
            "gpu_name": gpu_name,
            "region": region,
            "max_price": max_price,
            "snapshot_id": snapshot_id,
        }
        body = {name: value for name, value in asked.items() if value is not None}
        return self._order(instance_id, "wake", body)

    def snapshot(self, instance_id: str) -> Accepted:
        """Keep the present state; the machine goes on."""
        return self._order(instance_id, "snapshot")

    def reboot(self, instance_id: str) -> Accepted:
        """Restart the machine in place."""
        return self._order(instance_id, "reboot")

    def failover(self, instance_id: str, *, discard_unsaved: bool = False) -> Accepted:
        """Bring the last verified snapshot up on another machine, whatever the present one says.
        Where nothing was ever saved, only `discard_unsaved` starts it again, empty.
        """
        return self._order(instance_id, "failover", {"discard_unsaved": discard_unsaved})

    def keep_alive(self, instance_id: str, minutes: float | None = None) -> Instance | None:
        """A lease: not idle until it ends. The instance, when the server answers with it."""
        body: dict[str, object] = {} if minutes is None else {"minutes": minutes}
        answer = self._transport.spend("POST", _path(instance_id, "keep-alive"), body)
        whole = _instance(answer)
        return read(Instance, whole) if isinstance(whole, dict) and "state" in whole else None

    def destroy(
        self,
        instance_id: str,
        *,
        final_snapshot: bool | None = None,
        keep_snapshots: bool | None = None,
        force: bool | None = None,
        reason: str | None = None,
    ) -> Accepted:
        """Let everything go. By the server's default a final snapshot is taken and verified
        first and every snapshot stays. `keep_snapshots=False` removes all but those that are
        kept for ever; `force` releases at once, whatever is lost.
        """
        query = {
            "final_snapshot": final_snapshot,
            "keep_snapshots": keep_snapshots,
            "force": force,
            "reason": reason,
        }
        return read(Accepted, self._transport.spend("DELETE", _path(instance_id), query=query))

    def events(self, instance_id: str) -> Iterator[TimelineEvent]:
        """The timeline with its reasons, page by page."""
        return walk(self._transport, _path(instance_id, "events"), TimelineEvent)

    def logs(self, instance_id: str) -> Iterator[LogLine]:
        """What the machine wrote, page by page."""
        return walk(self._transport, _path(instance_id, "logs"), LogLine)

    def snapshots(self, instance_id: str) -> Iterator[Snapshot]:
        """What is kept of it, page by page."""
        return walk(self._transport, _path(instance_id, "snapshots"), Snapshot)

    def cost(self, instance_id: str) -> Cost:
        """Our own metering, line by line."""
        return read(Cost, self._transport.get(_path(instance_id, "cost")))

    def metrics(
        self, instance_id: str, since: datetime | None = None, until: datetime | None = None
    ) -> Series:
        """What its machines measured from `since` on and before `until`. A moment without a
        zone is one of this computer's.
        """
        query = {"since": _moment(since), "until": _moment(until)}
        return read(Series, self._transport.get(_path(instance_id, "metrics"), query))

    def _order(
        self, instance_id: str, verb: str, body: Mapping[str, object] | None = None
    ) -> Accepted:
        answer = self._transport.spend("POST", _path(instance_id, verb), body or {})
        return read(Accepted, answer)


def _path(instance_id: str, verb: str = "") -> str:
    path = f"{_ROOT}/{quote(instance_id, safe='')}"
    return f"{path}/{verb}" if verb else path


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _instance(answer: Json) -> Json:
    """The instance itself, whether or not the answer wraps it."""
    if isinstance(answer, dict) and isinstance(answer.get("instance"), dict):
        return answer["instance"]
    return answer


def _filters(wanted: OfferQuery | None) -> Query:
    return said(wanted) if wanted is not None else {}  # type: ignore[return-value]
