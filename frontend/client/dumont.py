"""The client: one object per Dumont Cloud and login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontend.client.audit import Audit
from frontend.client.auth import Auth
from frontend.client.background import Background
from frontend.client.budgets import Budgets
from frontend.client.hibernation import Hibernation
from frontend.client.instances import Instances
from frontend.client.machines import Machines
from frontend.client.operations import Operations
from frontend.client.serverless import ServerlessArea
from frontend.client.settings import Settings
from frontend.client.snapshots import Snapshots
from frontend.client.transport import Transport
from frontend.client.vault import MemoryVault, Tokens

if TYPE_CHECKING:
    from types import TracebackType

    from frontend.client.pace import Pace
    from frontend.client.vault import TokenVault

LOCAL_STACK = "http://127.0.0.1:8080"


class Dumont:
    """`with Dumont(url, api_key=...) as cloud: cloud.instances.list()`.

    An API key goes before tokens. `token` is an access token; with a `refresh_token` it is
    renewed by itself. A `vault` shares tokens with other clients and goes before both.
    """

    def __init__(
        self,
        base_url: str = LOCAL_STACK,
        token: str | None = None,
        api_key: str | None = None,
        *,
        refresh_token: str | None = None,
        vault: TokenVault | None = None,
        pace: Pace | None = None,
    ) -> None:
        given = Tokens(token, refresh_token) if token else None
        self.transport = Transport(base_url, vault or MemoryVault(given), api_key, pace)
        self.audit = Audit(self.transport)
        self.budgets = Budgets(self.transport)
        self.auth = Auth(self.transport)
        self.background = Background(self.transport)
        self.hibernation = Hibernation(self.transport)
        self.instances = Instances(self.transport)
        self.machines = Machines(self.transport)
        self.operations = Operations(self.transport)
        self.serverless = ServerlessArea(self.transport)
        self.settings = Settings(self.transport)
        self.snapshots = Snapshots(self.transport)

    def __enter__(self) -> Dumont:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections; the login stays."""
        self.transport.close()
