"""The local platform's proof: signed under the deployment's own key, for one function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import Forbidden, Unauthenticated
from shared.domain.machines.signed import sign, unsign

if TYPE_CHECKING:
    from shared.ports.clock import Clock
    from shared.ports.secrets import Secrets

PURPOSE = "platform-caller"
LIFE_S = 300
QUERY = "proof"


class SignedCallers:
    """The Callers port, and the other side of it.

    A proof comes as `Authorization: Bearer`, or as the query parameter `proof`, because the
    Pub/Sub emulator pushes to a bare address. It says nothing but which function may be called.
    """

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def proof(self, function: str, life_s: int = LIFE_S) -> str:
        """For whoever plays the platform: good for one function, and for so long."""
        ends = int(self._clock.now().timestamp()) + life_s
        return sign({"f": function, "x": ends}, *self._keys()[0])

    def require(self, function: str, authorization: str, proof: str) -> str:
        scheme, _, sent = authorization.partition(" ")
        if authorization and scheme.lower() != "bearer":
            raise Unauthenticated("the platform's own proof is wanted")
        fields = unsign(sent.strip() or proof, self._keys())
        ends = fields.get("x")
        if not isinstance(ends, int) or self._clock.now().timestamp() >= ends:
            raise Unauthenticated("the proof has expired")
        if fields.get("f") != function:
            raise Forbidden("the proof is for another function")
        return "the local platform"

    def _keys(self) -> tuple[tuple[str, bytes], ...]:
        return tuple((key.kid, key.secret) for key in self._secrets.signing_keys(PURPOSE))
