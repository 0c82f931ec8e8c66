"""Accounts: tokens are hashed, private on the disk, and known again after a restart."""

import stat
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from setup.hub.accounts import CLASSROOM, Accounts
from setup.hub.errors import Unauthorized
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


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer hf_wrong"])
def test_headers_without_a_known_token_are_refused(tmp_path: Path, header: str | None) -> None:
    with pytest.raises(Unauthorized):
        Accounts(tmp_path).authenticate(header)


def test_who_am_i(web: TestClient, store: Store) -> None:
    headers = {"Authorization": f"Bearer {first_token(store.root)}"}
    told = web.get("/api/whoami-v2", headers=headers).json()
    assert (told["name"], told["type"], told["orgs"]) == (CLASSROOM, "user", [])
    assert told["auth"]["accessToken"] == {"displayName": "classroom", "role": "write"}


def test_a_wrong_token_is_told_in_the_words_that_the_clients_know(web: TestClient) -> None:
    answer = web.get("/api/whoami-v2", headers={"Authorization": "Bearer hf_wrong"})
    assert answer.status_code == 401
    assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_public_files_need_no_token_and_a_stale_one_does_no_harm(web: TestClient) -> None:
    path = "/acme/tiny-bert/resolve/main/config.json"
    assert web.get(path).status_code == 200
    assert web.get(path, headers={"Authorization": "Bearer hf_old"}).status_code == 200
