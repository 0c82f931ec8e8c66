"""Who makes a request, and what they may read and write."""

import base64
import binascii

from starlette.requests import Request

from setup.hub.accounts import COOKIE, Account, Accounts
from setup.hub.errors import Forbidden, Unauthorized
from setup.hub.names import RepoId
from setup.hub.store import Store, missing

_SAFE = ("GET", "HEAD", "OPTIONS")
# Word for word what the clients look for.
BAD_TOKEN = "Invalid credentials in Authorization header"


def caller(request: Request) -> Account | None:
    """Give the account behind a request: by its token, else by its session of the pages.

    A session counts for a change only once the page has checked the form's key
    (``trust_form``): a browser sends cookies with the forms of other sites too.
    """
    accounts: Accounts = request.app.state.accounts
    token = sent_token(request)
    if token is not None:
        return accounts.find(token)
    cookie = request.cookies.get(COOKIE)
    trusted = request.method in _SAFE or getattr(request.state, "form_trusted", False)
    return accounts.in_session(cookie) if cookie and trusted else None


def trust_form(request: Request, key: str) -> None:
    """Let the session count for a change; raises Forbidden when the form's key is not its own."""
    accounts: Accounts = request.app.state.accounts
    if not accounts.check_form_key(request.cookies.get(COOKIE, ""), key):
        raise Forbidden("This form is out of date: load its page again and send it once more.")
    request.state.form_trusted = True


def sent_token(request: Request) -> str | None:
    """Read the Authorization header: a bearer's token, or git's name and token in Basic form."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    name, _, password = pair.partition(":")
    return password or name


def known(request: Request) -> Account:
    """Give the account behind a request; raises Unauthorized when there is none."""
    account = caller(request)
    if account is not None:
        return account
    if sent_token(request):
        raise Unauthorized(BAD_TOKEN)
    raise Unauthorized("Invalid username or password: send 'Authorization: Bearer TOKEN'.")


def belongs(request: Request, account: Account | None, owner: str) -> bool:
    """Tell whether a namespace is the account's own or an organization's it is a member of."""
    accounts: Accounts = request.app.state.accounts
    return account is not None and owner in accounts.namespaces(account.name)


def may_read(request: Request, repo: RepoId) -> bool:
    """Tell whether the caller may know of a repository, whether it exists or not."""
    store: Store = request.app.state.store
    return not store.is_private(repo) or belongs(request, caller(request), repo.owner)


def may_write(request: Request, repo: RepoId) -> bool:
    """Tell whether the caller may change what lies in a repository's namespace."""
    account = caller(request)
    return account is not None and account.role == "write" and belongs(request, account, repo.owner)


def creator(request: Request, repo: RepoId) -> Account:
    """Give the account of a caller who may make a repository of this name, whether it is there.

    Raises Unauthorized without a token, Forbidden for a token that does not allow it.
    """
    account = known(request)
    if not belongs(request, account, repo.owner):
        raise Forbidden(
            f"You don't have the rights to change {repo.kind}s of {repo.owner}: "
            f"your token is {account.name}'s."
        )
    return contributor(request)


def contributor(request: Request) -> Account:
    """Give the account of a caller who may suggest changes: anyone whose token allows writing.

    Raises Unauthorized without a token, Forbidden for one that only allows reading.
    """
    account = known(request)
    if account.role != "write":
        raise Forbidden(
            f"The token {account.token_name!r} only allows reading: make one with the role 'write'."
        )
    return account


def writer(request: Request, repo: RepoId) -> Account:
    """Give the account of a caller who may change a repository that is there.

    Raises what ``creator`` does, and RepoNotFound for one that is not there for the caller.
    """
    store: Store = request.app.state.store
    known(request)
    if not store.exists(repo) or not may_read(request, repo):
        raise missing(repo)
    return creator(request, repo)
