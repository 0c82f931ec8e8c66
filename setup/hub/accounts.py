"""Accounts: names with tokens. Tokens are kept as SHA-256 hashes and compared in constant time.

What is left out today: organizations, private repositories and signing up.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup.hub.disk import atomic_file, read_json, write_json
from setup.hub.errors import Unauthorized

CLASSROOM = "learner"  # the account that a new Hub starts with
TOKEN_FILE = "token"  # where that account's token lies, readable by the owner only
_PRIVATE = 0o600


@dataclass(frozen=True)
class Account:
    """Who makes a request, by which token, and what the token allows (``read``, ``write``)."""

    name: str
    token_name: str
    role: str


class Accounts:
    """The accounts of one Hub, in ``STATE/accounts.json``."""

    def __init__(self, state: Path) -> None:
        self._file = state / "accounts.json"
        self._token_file = state / TOKEN_FILE
        self._tokens: dict[str, dict[str, Any]] = read_json(self._file, {}).get("tokens", {})
        if not self._tokens or not self._token_file.exists():
            token = self.issue(CLASSROOM, "classroom")
            with atomic_file(self._token_file, _PRIVATE) as stream:
                stream.write(token.encode())

    def issue(self, name: str, token_name: str, role: str = "write") -> str:
        """Make a new token for an account, made too when it is new; only its hash is kept."""
        token = f"hf_{secrets.token_hex(20)}"
        self._tokens[_hash(token)] = {"name": name, "token_name": token_name, "role": role}
        write_json(self._file, {"tokens": self._tokens}, _PRIVATE)
        return token

    def find(self, token: str) -> Account | None:
        """Give the account that a token belongs to, or None."""
        wanted, found = _hash(token), None
        for known, record in self._tokens.items():
            if hmac.compare_digest(known, wanted):
                found = Account(**record)
        return found

    def authenticate(self, authorization: str | None) -> Account:
        """Read an Authorization header; raises Unauthorized without a token that is known."""
        scheme, _, token = (authorization or "").partition(" ")
        if not token:
            raise Unauthorized("Invalid username or password: send 'Authorization: Bearer TOKEN'.")
        account = self.find(token.strip()) if scheme.lower() == "bearer" else None
        if account is None:
            # Word for word what the clients look for.
            raise Unauthorized("Invalid credentials in Authorization header")
        return account


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
