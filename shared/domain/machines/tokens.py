"""What a machine holds: a bootstrap token, then a machine token, then lease receipts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from shared.domain.errors import Unauthenticated
from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId
from shared.domain.machines.signed import Fields, sign, unsign

MACHINE_TOKEN_S = 3600
RENEW_BEFORE_S = 900

Keys = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class MachineToken:
    """Says which machine speaks; what it may do is read from documents."""

    rental_id: RentalId
    instance_id: InstanceId
    epoch: int
    expires_at: datetime

    def text(self, keys: Keys) -> str:
        fields: Fields = {
            "r": self.rental_id,
            "i": self.instance_id,
            "e": self.epoch,
            "x": int(self.expires_at.timestamp()),
        }
        return sign(fields, *keys[0])

    @property
    def issued_at(self) -> datetime:
        return self.expires_at - timedelta(seconds=MACHINE_TOKEN_S)

    def near_end(self, now: datetime) -> bool:
        return self.expires_at - now < timedelta(seconds=RENEW_BEFORE_S)


def machine_token(text: str, keys: Keys, now: datetime) -> MachineToken:
    """Raises Unauthenticated, also when it has expired."""
    token = _machine_token(text, tuple(keys))
    if token.expires_at <= now:
        raise Unauthenticated("the machine token has expired: say hello again")
    return token


# A machine shows the same token and the same receipt beat after beat. Only what held is kept.
@lru_cache(maxsize=1024)
def _machine_token(text: str, keys: Keys) -> MachineToken:
    fields = unsign(text, keys)
    return MachineToken(
        rental_id=RentalId(_text(fields, "r")),
        instance_id=InstanceId(_text(fields, "i")),
        epoch=_int(fields, "e"),
        expires_at=_moment(fields, "x"),
    )


def bootstrap_token(rental_id: RentalId, epoch: int, keys: Keys) -> str:
    """Good for one machine: the first agent key that uses it is bound to the rental."""
    return sign({"r": rental_id, "e": epoch}, *keys[0])


def bootstrapped(text: str, keys: Keys) -> tuple[RentalId, int]:
    """The rental and its epoch. Raises Unauthenticated."""
    fields = unsign(text, keys)
    return RentalId(_text(fields, "r")), _int(fields, "e")


@dataclass(frozen=True, slots=True)
class Receipt:
    """We wrote down, at `written_at`, that this machine was well and in state `state_seq`.

    It authorises silence, nothing else: whoever echoes it unchanged need not be written again
    before the renewal time.
    """

    rental_id: RentalId
    epoch: int
    written_at: datetime
    state_seq: int

    def text(self, keys: Keys) -> str:
        fields: Fields = {
            "r": self.rental_id,
            "e": self.epoch,
            "w": self.written_at.timestamp(),
            "s": self.state_seq,
        }
        return sign(fields, *keys[0])

    def steady(self, token: MachineToken, state_seq: int, now: datetime, renewal_s: int) -> bool:
        """Whether a beat that echoes it says nothing new."""
        age = now - self.written_at
        return (
            self.rental_id == token.rental_id
            and self.epoch == token.epoch
            and self.state_seq == state_seq
            and timedelta(0) <= age < timedelta(seconds=renewal_s)
        )


def receipt(text: str, keys: Keys) -> Receipt:
    """Raises Unauthenticated."""
    return _receipt(text, tuple(keys))


@lru_cache(maxsize=1024)
def _receipt(text: str, keys: Keys) -> Receipt:
    fields = unsign(text, keys)
    written = fields.get("w")
    if not isinstance(written, int | float):
        raise Unauthenticated("the receipt is not one of ours")
    return Receipt(
        rental_id=RentalId(_text(fields, "r")),
        epoch=_int(fields, "e"),
        written_at=datetime.fromtimestamp(written, UTC),
        state_seq=_int(fields, "s"),
    )


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Unauthenticated("the token is not one of ours")
    return value


def _int(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int):
        raise Unauthenticated("the token is not one of ours")
    return value


def _moment(fields: Fields, name: str) -> datetime:
    return datetime.fromtimestamp(_int(fields, name), UTC)
