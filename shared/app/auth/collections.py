"""What authentication keeps."""

from __future__ import annotations

from shared.domain.accounts import ProviderAccount
from shared.domain.users.attempts import LoginAttempts
from shared.domain.users.keys import ApiKey
from shared.domain.users.sessions import RefreshFamily
from shared.domain.users.ssh_keys import SshKey
from shared.domain.users.user import EmailClaim, SetupTicket, User
from shared.ports.store import Collection, Query, Where

USERS = Collection("users", User)
# By the digest of the e-mail: a document's key cannot hold every letter that an address can.
USER_EMAILS = Collection("user_emails", EmailClaim)
REFRESH_FAMILIES = Collection("refresh_families", RefreshFamily, expires="expires_at")
LOGIN_ATTEMPTS = Collection("login_attempts", LoginAttempts, expires="expires_at")
API_KEYS = Collection("api_keys", ApiKey)
SETUP_TICKETS = Collection("setup_tickets", SetupTicket)
PROVIDER_ACCOUNTS = Collection("provider_accounts", ProviderAccount)
SSH_KEYS = Collection("ssh_keys", SshKey)  # by their owner

KEYS_OF_OWNER = Query("keys_of_owner", API_KEYS, where=(Where("owner", "==", "owner"),))
ACCOUNTS_OF_OWNER = Query(
    "accounts_of_owner", PROVIDER_ACCOUNTS, where=(Where("owner", "==", "owner"),)
)

QUERIES = (KEYS_OF_OWNER, ACCOUNTS_OF_OWNER)  # for the list of indexes
