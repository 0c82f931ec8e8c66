"""Accounts: tokens are hashed, private on the disk, and known again after a restart."""

import base64
import stat
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub.accounts import CLASS, CLASSROOM, Accounts
from setup.hub.errors import BadRequest, Conflict, Forbidden, NotFound
from setup.hub.store import Store


def first_token(state: Path) -> str:
    return (state / "token").read_text()


def test_a_new_hub_has_one_account_whose_token_only_its_owner_reads(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    account = accounts.find(first_token(tmp_path))
    assert account is not None
    assert (account.name, account.role) == (CLASSROOM, "write")
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "accounts.json").stat().st_mode) == 0o600


def test_tokens_are_not_written_among_the_accounts(tmp_path: Path) -> None:
    Accounts(tmp_path)
    assert first_token(tmp_path) not in (tmp_path / "accounts.json").read_text()


def test_a_restart_keeps_the_tokens(tmp_path: Path) -> None:
    extra = Accounts(tmp_path).issue("teacher", "laptop", "read")
    token = first_token(tmp_path)
    again = Accounts(tmp_path)
    found = again.find(extra)
    assert first_token(tmp_path) == token
    assert again.find(token) is not None
    assert found is not None
    assert (found.name, found.token_name, found.role) == ("teacher", "laptop", "read")


def test_a_lost_token_file_is_made_anew(tmp_path: Path) -> None:
    Accounts(tmp_path)
    (tmp_path / "token").unlink()
    again = Accounts(tmp_path)
    assert again.find(first_token(tmp_path)) is not None


def test_a_revoked_classroom_token_is_made_anew_at_the_next_start(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    before = first_token(tmp_path)
    (key,) = accounts.tokens(CLASSROOM)
    accounts.revoke(CLASSROOM, key)
    again = Accounts(tmp_path)
    assert first_token(tmp_path) != before
    assert again.find(first_token(tmp_path)) is not None


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer hf_wrong"])
def test_headers_without_a_known_token_are_refused(web: TestClient, header: str | None) -> None:
    answer = web.get("/api/whoami-v2", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (401, "Unauthorized")


@pytest.mark.parametrize("pair", ["learner:{}", "{}:", "anyone:{}"])
def test_git_sends_the_token_as_a_password(web: TestClient, store: Store, pair: str) -> None:
    word = base64.b64encode(pair.format(first_token(store.root)).encode()).decode()
    told = web.get("/api/whoami-v2", headers={"Authorization": f"Basic {word}"})
    assert told.json()["name"] == CLASSROOM


def test_who_am_i(web: TestClient, store: Store) -> None:
    headers = {"Authorization": f"Bearer {first_token(store.root)}"}
    told = web.get("/api/whoami-v2", headers=headers).json()
    assert (told["name"], told["type"]) == (CLASSROOM, "user")
    assert [(org["name"], org["roleInOrg"]) for org in told["orgs"]] == [(CLASS, "write")]
    assert told["auth"]["accessToken"] == {"displayName": "classroom", "role": "write"}


def test_a_wrong_token_is_told_in_the_words_that_the_clients_know(web: TestClient) -> None:
    answer = web.get("/api/whoami-v2", headers={"Authorization": "Bearer hf_wrong"})
    assert answer.status_code == 401
    assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_public_files_need_no_token_and_a_stale_one_does_no_harm(web: TestClient) -> None:
    path = "/acme/tiny-bert/resolve/main/config.json"
    assert web.get(path).status_code == 200
    assert web.get(path, headers={"Authorization": "Bearer hf_old"}).status_code == 200


def test_signing_up_is_closed_unless_the_hub_opens_it(tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        Accounts(tmp_path).sign_up("anna")


def test_who_signs_up_is_a_member_of_the_class(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, sign_up_allowed=True)
    account = accounts.find(accounts.sign_up("anna"))
    assert account is not None
    assert (account.name, account.role) == ("anna", "write")
    assert Accounts(tmp_path).organizations("anna") == [CLASS]
    assert Accounts(tmp_path).members(CLASS) == ["anna", CLASSROOM]


@pytest.mark.parametrize("name", ["learner", "LEARNER", "Our-Class", "acme"])
def test_names_in_use_cannot_be_taken_in_any_case(tmp_path: Path, name: str) -> None:
    accounts = Accounts(tmp_path, lambda word: word.lower() == "acme", sign_up_allowed=True)
    with pytest.raises(Conflict):
        accounts.sign_up(name)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a--b", "api", "Settings", "x" * 43, "a/b", "é"])
def test_names_that_cannot_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        Accounts(tmp_path, sign_up_allowed=True).sign_up(name)


def test_a_revoked_token_and_its_sessions_are_worth_nothing(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    token = accounts.issue("teacher", "laptop")
    session = accounts.start_session(token)
    assert session is not None
    assert accounts.in_session(session) == accounts.find(token)
    (key,) = accounts.tokens("teacher")
    accounts.revoke("teacher", key)
    assert accounts.find(token) is None
    assert accounts.in_session(session) is None
    with pytest.raises(NotFound):
        accounts.revoke("teacher", key)


def test_nobody_revokes_the_tokens_of_others(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.issue("teacher", "laptop")
    with pytest.raises(NotFound):
        accounts.revoke(CLASSROOM, next(iter(accounts.tokens("teacher"))))


def test_a_session_needs_a_token_and_ends(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    assert accounts.start_session("hf_wrong") is None
    session = accounts.start_session(first_token(tmp_path)) or ""
    assert accounts.check_form_key(session, accounts.form_key(session))
    assert not accounts.check_form_key(session, accounts.form_key("another"))
    accounts.end_session(session)
    assert accounts.in_session(session) is None


def test_a_role_that_is_not_one(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="'admin'"):
        Accounts(tmp_path).issue("teacher", "laptop", "admin")
