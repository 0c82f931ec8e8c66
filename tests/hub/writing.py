"""What tests that write to a Hub ask again and again."""

from collections.abc import Callable

import pytest
import requests
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError


def files(api: HfApi, repo: str, revision: str = "main") -> set[str]:
    return set(api.list_repo_files(repo, revision=revision)) - {".gitattributes"}


def titles(api: HfApi, repo: str, revision: str = "main") -> list[str]:
    return [commit.title for commit in api.list_repo_commits(repo, revision=revision)]


def content(api: HfApi, repo: str, path: str, revision: str = "main") -> bytes:
    """Read a file where a browser or any other client would get it."""
    headers = {"Authorization": f"Bearer {api.token}"}
    address = f"{api.endpoint}/{repo}/resolve/{revision}/{path}"
    answer = requests.get(address, headers=headers, timeout=60)
    answer.raise_for_status()
    return answer.content


def refused(status: int, call: Callable[[], object]) -> str:
    """Make a call that the Hub must refuse with this status; gives what it says."""
    with pytest.raises(HfHubHTTPError) as caught:
        call()
    assert caught.value.response.status_code == status
    return str(caught.value)
