"""Cutting the network off for one command (Linux): proof that nothing outside is needed."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

from setup.troubles import Trouble

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP = 1  # linux/if.h


def cut_off() -> None:
    """Move this process and its future children to a network of their own: loopback only.

    Raises Trouble where the system does not allow it.
    """
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(flags) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Trouble(
            f"This system does not let a command leave the network ({reason}).",
            "Run as root, allow user namespaces, or pull the plug: the command itself needs "
            "no network.",
        )
    if flags & CLONE_NEWUSER:  # keep the same user and group inside
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _raise_loopback()


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sH14x", b"lo", IFF_UP)
        fcntl.ioctl(handle, SIOCSIFFLAGS, request)
