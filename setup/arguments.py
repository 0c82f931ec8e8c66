"""The command line of `python3 -m setup`."""

from __future__ import annotations

import argparse
import sys

from setup import stamp


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="python3 -m setup",
        description="Set up the course and run it. Every command makes what it needs: the first "
        "one installs the libraries into .venv, later ones start at once.",
        epilog="SETUP_VENV names another folder than .venv. More: setup/README.md.",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_run(commands.add_parser("run", help="execute notebooks and print a table of results"))
    _add_lab(commands.add_parser("lab", help="open JupyterLab on the notebooks"))
    _add_test(commands.add_parser("test", help="run the whole test suite"))
    _add_hub(commands.add_parser("hub", help="run the local Hub alone"))
    commands.add_parser("doctor", help="look for what is missing or odd on this machine")
    _add_refresh(
        commands.add_parser("refresh", help="execute notebooks and store their outputs in place")
    )
    stamp.add_arguments(
        commands.add_parser("stamp", help="write the badges and the table of notebooks")
    )
    return top


def _add_run(command: argparse.ArgumentParser) -> None:
    _add_chapters(command)
    _add_execution(command)
    _add_world(command)
    _add_network(command)


def _add_lab(command: argparse.ArgumentParser) -> None:
    _add_world(command)
    _add_port(command)
    command.add_argument("--no-browser", action="store_true", help="only print the address")


def _add_test(command: argparse.ArgumentParser) -> None:
    _add_network(command)
    command.add_argument(
        "extra", nargs="*", metavar="PYTEST-ARGUMENT",
        help="passed on to pytest; write -- before them: `test -- -k hub`",
    )


def _add_hub(command: argparse.ArgumentParser) -> None:
    _add_port(command)
    command.add_argument(
        "--host", default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets other machines in (default: %(default)s)",
    )
    command.add_argument(
        "--sign-up", action="store_true", help="let people make accounts of their own, at /join"
    )
    command.add_argument(
        "--mirror", metavar="DIR",
        help="serve your own copies of web files, DIR/HOST/PATH, before those of the classroom",
    )
    command.add_argument(
        "--no-widget", action="store_true", help="do not run models in the pages"
    )


def _add_refresh(command: argparse.ArgumentParser) -> None:
    _add_chapters(command)
    _add_execution(command)
    command.add_argument(
        "--check", action="store_true",
        help="execute and write nothing; list the notebooks that are not in their one form",
    )


def _add_chapters(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "chapters", nargs="*", metavar="CHAPTER",
        help="a chapter's number or folder, or a notebook's path (default: all)",
    )


def _add_execution(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--jobs", type=_positive, metavar="N",
        help="notebooks executed at a time (default: one per core, at most 2)",
    )
    command.add_argument(
        "--timeout", type=_positive, default=600, metavar="SECONDS",
        help="longest time for one cell (default: %(default)s)",
    )


def _add_world(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--live", action="store_true",
        help="use the real Hub, with your own account and settings",
    )


def _add_network(command: argparse.ArgumentParser) -> None:
    if sys.platform.startswith("linux"):
        command.add_argument(
            "--network-off", action="store_true",
            help="cut this command off from every network but loopback",
        )


def _add_port(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port", type=_port, metavar="N",
        help="port to listen on (default: the usual one, or a free one where that is taken)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return number
