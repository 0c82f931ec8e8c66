"""`hub`: the local Hub alone, and the lines that point a shell at it."""

from __future__ import annotations

import ipaddress
import shlex
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from setup import classroom, ports
from setup.places import STATE, shown
from setup.terminal import Progress, styled
from setup.troubles import Trouble

USUAL_PORT = 8800


def serve(
    asked: int | None, host: str, switches: Sequence[str] = (), state: Path = STATE
) -> int:
    """Run the Hub on port `asked` (None: the usual or a free one) until it is stopped.

    `switches` are passed on to it as they are.
    """
    if address := classroom.running(state):
        raise Trouble(
            f"This clone's Hub is running already, at {address}.",
            "Use that one, or end the command that runs it (hub, lab, run or test).",
        )
    port = ports.take(asked, USUAL_PORT, host)
    command = [*classroom.hub_command(port, state), "--host", host, *switches]
    with Progress() as progress, classroom.served(command, state, progress) as (process, address):
        progress.clear()
        print(f"Hub  {styled(address, 'bold')}\n")
        print(f"In {_shell()}, where you start Python:\n")
        found = classroom.variables(reachable(address), state)
        if not local(host):
            found.pop("HF_TOKEN", None)  # whoever reads it from the screen could write as learner
            found["HF_HOME"] = "hub-home"  # a folder on the other machine, beside the work there
        print(exports(found))
        if not local(host):
            print("\n" + exposure(reachable(address), "--sign-up" in switches, state))
        if local(host):
            token = shown(state / "hub" / "token")
            print(f"\nTo sign in on its pages, paste the token from {token}.")
        print(f"\nIts record: {shown(state / 'hub.log')}. Ctrl-C ends it.", flush=True)
        return process.wait()


def local(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def exposure(address: str, sign_up: bool, state: Path = STATE) -> str:
    """Say what other machines can do with a Hub that listens to them, and how they sign in."""
    own = (
        f"Each person makes an account at {address}/join and sets HF_TOKEN to its token."
        if sign_up
        else f"The only account is 'learner'; its token is in {shown(state / 'hub' / 'token')}. "
        "With --sign-up people make accounts of their own."
    )
    return (
        "Everyone who can reach this machine can read the Hub's public repositories.\n"
        f"Writing always needs a token. {own}\n"
        "Tokens and files travel unencrypted: use this in a network that you trust."
    )


def _shell() -> str:
    return "PowerShell" if sys.platform == "win32" else "any shell"


def exports(variables: Mapping[str, str], windows: bool = sys.platform == "win32") -> str:
    """Return the lines that set `variables` in this system's shell, to be copied there."""
    if windows:
        quoted = {name: value.replace("'", "''") for name, value in variables.items()}
        return "\n".join(f"$env:{name} = '{value}'" for name, value in quoted.items())
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def reachable(address: str) -> str:
    """Return `address` as other machines see it: 0.0.0.0 becomes this machine's own address."""
    if "//0.0.0.0:" not in address:
        return address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        try:  # asks the routing table only; nothing is sent
            route.connect(("192.0.2.1", 9))  # an address reserved for examples (RFC 5737)
            own = route.getsockname()[0]
        except OSError:
            own = "127.0.0.1"
    return address.replace("0.0.0.0", str(own))
