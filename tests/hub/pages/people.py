"""People who visit a Hub in memory: they sign in, keep cookies and send forms with their keys."""

import re
from typing import Any

from starlette.testclient import TestClient

from setup.hub.accounts import Accounts

HTML = {"Accept": "text/html"}
KEY = re.compile(r'name="form_key" value="([0-9a-f]+)"')


class Person:
    """Someone with a browser: keeps the session's cookie and sends the forms' keys."""

    def __init__(self, app: TestClient, token: str = "") -> None:
        self.web = TestClient(app.app, raise_server_exceptions=False, follow_redirects=False)
        self.web.headers.update(HTML)
        if token:
            answer = self.post("/login", token=token, next="/")
            assert answer.status_code == 303

    def key(self) -> str:
        found = KEY.search(self.web.get("/login").text)
        assert found is not None
        return found[1]

    def post(self, address: str, **sent: str) -> Any:  # noqa: ANN401, whichever client the framework tests with
        return self.web.post(address, data={"form_key": self.key(), **sent})


def accounts(hub: TestClient) -> Accounts:
    found: Accounts = hub.app.state.accounts  # type: ignore[attr-defined]
    return found
