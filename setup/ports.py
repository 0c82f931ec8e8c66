"""Ports on this machine: which are free, and who holds one."""

from __future__ import annotations

import errno
import socket

from setup.troubles import Trouble

HOST = "127.0.0.1"


def is_free(port: int, host: str = HOST) -> bool:
    """Return whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def any_free(host: str = HOST) -> int:
    """Return a port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.bind((host, 0))
        return int(trial.getsockname()[1])


def take(asked: int | None, usual: int, host: str = HOST) -> int:
    """Return the port to listen on: `asked`, or `usual` where it is free, or any free one.

    Raises Trouble when `asked` is taken, naming its holder where the system tells.
    """
    if asked is None:
        return usual if is_free(usual, host) else any_free(host)
    if is_free(asked, host):
        return asked
    holder = holder_of(asked)
    if asked < 1024 and not holder:
        raise Trouble(
            f"Port {asked} cannot be listened on: it is taken or reserved for the system.",
            "Choose one above 1023, or leave --port out: a free port is then found.",
        )
    raise Trouble(
        f"Port {asked} is taken by {holder or 'another program'}.",
        f"{_freeing(asked, holder)}, or leave --port out: a free port is then found.",
    )


def holder_of(port: int) -> str:
    """Return "process 4711 (python3)" for the listener on `port`, "" where it is not told."""
    try:
        import psutil
    except ImportError:
        return ""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return ""
    for connection in connections:
        listening = connection.status == psutil.CONN_LISTEN and connection.laddr
        if listening and connection.laddr.port == port and connection.pid:
            try:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
            except psutil.NoSuchProcess:
                return ""
    return ""


def _freeing(port: int, holder: str) -> str:
    if holder:
        return "End that program"
    return f"Find the program (Linux, macOS: `lsof -i :{port}`; Windows: `netstat -ano`) and end it"
