"""`python3 -m setup COMMAND`: the arguments of each command, and what it sets in motion."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Sequence

from setup import environment
from setup.places import shown
from setup.processes import Stop, supervised
from setup.terminal import Progress
from setup.troubles import Trouble, of_os_error, tell

OUTSIDE = ("doctor",)  # commands that must work before the environment exists


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="python3 -m setup",
        description="Set up the course and run it. Every command makes what it needs: the first "
        "one installs the libraries into .venv, later ones start at once.",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="execute notebooks and print a table of results")
    _add_chapters(run)
    _add_execution(run)
    run.add_argument("--live", action="store_true", help="use the real Hub and your own account")
    return top


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


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def main(arguments: Sequence[str]) -> int:
    """Carry out the command line; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        if options.command not in OUTSIDE:
            chosen = environment.chosen()
            with supervised():
                chosen.ensure()
            if not chosen.is_active():
                return chosen.enter(list(arguments))
        with supervised():
            return HANDLERS[options.command](options)
    except Trouble as trouble:
        return tell(trouble)
    except Stop as stop:
        print("\nStopped.", flush=True)
        return stop.exit_status
    except OSError as error:
        return tell(of_os_error(error, f"running `{options.command}`"))


def need_git() -> None:
    """Raise Trouble where git is missing: the Hub's store is made of git repositories."""
    if shutil.which("git") is None:
        raise Trouble(
            "git is not installed (or not on PATH); the local Hub keeps its repositories with it.",
            "Install git with your system's packages (Windows: the installer of the git project), "
            "open a new terminal, and run the same command again.",
        )


def run(options: argparse.Namespace) -> int:
    """Execute notebooks; return 0 when all of them reach their end, else 1."""
    from setup import classroom, runs
    from setup.execution import workers
    from setup.notebooks import select

    chosen = select(options.chapters)
    need_git()
    folder = runs.run_folder()
    with Progress() as progress:
        with classroom.opened(live=options.live, progress=progress) as world:
            started = time.monotonic()
            outcomes = runs.perform(
                chosen, world.environ, folder, workers(options.jobs), options.timeout, progress
            )
    seconds = time.monotonic() - started
    print("\n" + runs.summary(outcomes, seconds))
    if told := runs.failures(outcomes, folder):
        print("\n" + told)
    print(f"\nExecuted notebooks: {shown(folder)}")
    return 1 if told else 0


HANDLERS = {"run": run}
