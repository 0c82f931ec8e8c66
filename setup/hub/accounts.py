"""Accounts: people with access tokens, and the organizations that they are members of.

Of a token only the SHA-256 is kept, compared in constant time; sessions of the pages live in
memory and end with the token that opened them.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup.hub.disk import atomic_file, read_json, write_json
from setup.hub.errors import BadRequest, Conflict, Forbidden, NotFound
from setup.hub.names import RESERVED_OWNERS, is_word

CLASSROOM = "learner"  # the account that a new Hub starts with
CLASS = "our-class"  # the organization that every account is a member of
TOKEN_FILE = "token"  # where that account's token lies, readable by the owner only
COOKIE = "hub-session"
SESSION = 12 * 3600  # seconds that a session of the pages lasts
MAX_NAME = 42  # characters of an account's name, the real Hub's limit
ROLES = ("read", "write")
_PRIVATE = 0o600


@dataclass(frozen=True)
class Account:
    """Who makes a request, by which token, and what the token allows (``read``, ``write``)."""

    name: str
    token_name: str
    role: str


@dataclass(frozen=True)
class _Session:
    token: str  # the hash of the token that opened it
    ends: float


class Accounts:
    """The accounts of one Hub, in ``STATE/accounts.json``."""

    def __init__(
        self,
        state: Path,
        owned: Callable[[str], bool] = lambda name: False,
        sign_up_allowed: bool = False,
    ) -> None:
        """Read the accounts; ``owned`` tells whether repositories lie under an owner's name."""
        self.sign_up_allowed = sign_up_allowed
        self._owned = owned
        self._file = state / "accounts.json"
        self._token_file = state / TOKEN_FILE
        self._change = threading.RLock()
        self._sessions: dict[str, _Session] = {}
        self._secret = secrets.token_bytes(32)
        record = read_json(self._file, {})
        self._tokens: dict[str, dict[str, Any]] = record.get("tokens", {})
        self._organizations: dict[str, list[str]] = record.get("organizations", {CLASS: []})
        if not self._knows_classroom():
            token = self.issue(CLASSROOM, "classroom")
            with atomic_file(self._token_file, _PRIVATE) as stream:
                stream.write(token.encode())
        self._join_class(CLASSROOM)

    def _knows_classroom(self) -> bool:
        """Tell whether the token file holds a token that is good: it may be lost, or revoked."""
        try:
            return self.find(self._token_file.read_text("utf-8").strip()) is not None
        except FileNotFoundError:
            return False

    def issue(self, name: str, token_name: str, role: str = "write") -> str:
        """Make a new token for an account, made too when it is new; only its hash is kept.

        Raises BadRequest for another role than ``read`` and ``write``.
        """
        if role not in ROLES:
            raise BadRequest(f"role {role[:50]!r}: a token is for {' or '.join(ROLES)}.")
        token = f"hf_{secrets.token_hex(20)}"
        record = {"name": name, "token_name": token_name, "role": role}
        with self._change:
            self._tokens = {**self._tokens, _hash(token): record}
            self._save()
        return token

    def revoke(self, name: str, key: str) -> None:
        """Take a token back by the key that ``tokens`` tells; raises NotFound when it is gone."""
        with self._change:
            found = [known for known in self._keys(name) if known.startswith(key)]
            if len(key) < 8 or len(found) != 1:
                raise NotFound(f"{name} has no token {key[:16]!r}.")
            self._tokens = {at: item for at, item in self._tokens.items() if at != found[0]}
            self._save()

    def tokens(self, name: str) -> dict[str, Account]:
        """List an account's tokens by a key that tells nothing of the token itself."""
        return {key[:16]: Account(**self._tokens[key]) for key in self._keys(name)}

    def find(self, token: str) -> Account | None:
        """Give the account that a token belongs to, or None."""
        return self._found(_hash(token))

    def exists(self, name: str) -> bool:
        """Tell whether a person has this name."""
        return bool(self._keys(name))

    def organizations(self, name: str) -> list[str]:
        """Give the organizations that a person is a member of, by name."""
        return sorted(org for org, members in self._organizations.items() if name in members)

    def namespaces(self, name: str) -> list[str]:
        """Give the owners under whose names a person may publish, their own first."""
        return [name, *self.organizations(name)]

    def members(self, organization: str) -> list[str]:
        """Give an organization's members; raises NotFound when there is no such organization."""
        if organization not in self._organizations:
            raise NotFound(f"There is no organization {organization[:96]!r} here.")
        return sorted(self._organizations[organization])

    def sign_up(self, name: str) -> str:
        """Make an account and give its first token.

        Raises Forbidden where the Hub was not started with ``--sign-up``, BadRequest for a name
        that cannot be one, Conflict for a name in use, in whatever case.
        """
        if not self.sign_up_allowed:
            raise Forbidden("Signing up is closed: whoever runs this Hub opens it with --sign-up.")
        if not is_word(name) or len(name) > MAX_NAME or name.lower() in RESERVED_OWNERS:
            raise BadRequest(
                f"Invalid name {name[:96]!r}: use at most {MAX_NAME} letters, digits, '-', '_' "
                "and '.', and no word of the Hub's own."
            )
        with self._change:
            taken = {item["name"].lower() for item in self._tokens.values()}
            taken |= {organization.lower() for organization in self._organizations}
            if name.lower() in taken or self._owned(name):
                raise Conflict(f"The name {name} is taken: choose another.")
            token = self.issue(name, "sign-up")
            self._join_class(name)
        return token

    def start_session(self, token: str) -> str | None:
        """Open a session of the pages with a token; gives the cookie's value, None if unknown."""
        if self.find(token) is None:
            return None
        key = secrets.token_urlsafe(32)
        with self._change:
            now = time.monotonic()
            self._sessions = {at: kept for at, kept in self._sessions.items() if kept.ends > now}
            self._sessions[_hash(key)] = _Session(_hash(token), now + SESSION)
        return key

    def end_session(self, key: str) -> None:
        """Close a session; one that is unknown is closed already."""
        with self._change:
            self._sessions.pop(_hash(key), None)

    def in_session(self, key: str) -> Account | None:
        """Give the account of a session that is open, or None."""
        session = self._sessions.get(_hash(key))
        if session is None or session.ends <= time.monotonic():
            return None
        return self._found(session.token)

    def form_key(self, session: str) -> str:
        """Give the key that forms of this session carry, so that no other site can send them."""
        return hmac.new(self._secret, session.encode(), hashlib.sha256).hexdigest()

    def check_form_key(self, session: str, key: str) -> bool:
        """Tell whether a form's key belongs to the session."""
        return hmac.compare_digest(self.form_key(session).encode(), key.encode())

    def _found(self, wanted: str) -> Account | None:
        found = None
        for known, record in self._tokens.items():
            if hmac.compare_digest(known, wanted):
                found = Account(**record)
        return found

    def _keys(self, name: str) -> list[str]:
        return [key for key, record in self._tokens.items() if record["name"] == name]

    def _join_class(self, name: str) -> None:
        with self._change:
            if name not in self._organizations.setdefault(CLASS, []):
                self._organizations[CLASS].append(name)
                self._save()

    def _save(self) -> None:
        record = {"tokens": self._tokens, "organizations": self._organizations}
        write_json(self._file, record, _PRIVATE)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
