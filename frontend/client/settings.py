"""The `/api/settings` area: keys at the marketplaces, and the SSH key of orders to come."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from frontend.client.models.base import read
from frontend.client.models.settings import ProviderKey, ProviderKeys, SshKey
from frontend.client.transport import Request

if TYPE_CHECKING:
    from frontend.client.transport import Transport

_PROVIDERS = "/api/settings/providers"
_SSH_KEY = "/api/settings/ssh-key"


class Settings:
    """The caller's own. Keys are set and removed by a login alone: an API key is Forbidden."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def providers(self) -> tuple[ProviderKey, ...]:
        """Every marketplace at which a key can be set, and whether one is."""
        return read(ProviderKeys, self._transport.get(_PROVIDERS)).items

    def set_provider_key(self, provider: str, api_key: str) -> ProviderKey:
        """Kept once the provider has taken it. Raises Invalid, Conflict for a key that does not
        show the machines that are rented, ServerFailed where the provider could not be asked.
        """
        body = {"provider": provider, "api_key": api_key}
        return read(ProviderKey, self._transport.call(Request("PUT", _PROVIDERS, body=body)))

    def remove_provider_key(self, provider: str) -> None:
        """Nothing is rented there any more. Raises NotFound where none is set, Conflict while a
        machine is rented with it.
        """
        self._transport.spend("DELETE", f"{_PROVIDERS}/{quote(provider, safe='')}")

    def ssh_key(self) -> SshKey:
        """The public key that goes with an order that names none."""
        return read(SshKey, self._transport.get(_SSH_KEY))

    def set_ssh_key(self, public_key: str) -> SshKey:
        """For machines to come. Raises Invalid for what is no public key."""
        body = {"public_key": public_key}
        return read(SshKey, self._transport.call(Request("PUT", _SSH_KEY, body=body)))

    def remove_ssh_key(self) -> None:
        """An order that names none gets none from now on."""
        self.set_ssh_key("")
