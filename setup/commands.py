"""`python3 -m setup COMMAND`: what each command sets in motion.

Only modules of the standard library are imported here at the top; what needs the environment is
imported by the command that runs inside it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from setup import environment
from setup.arguments import parser
from setup.places import STATE, shown
from setup.processes import Stop, supervised
from setup.terminal import Progress, styled
from setup.troubles import Trouble, of_os_error, tell

OUTSIDE = ("doctor",)  # commands that must work before the environment exists


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
    except KeyboardInterrupt as interrupt:
        print("\nStopped.", flush=True)
        return interrupt.exit_status if isinstance(interrupt, Stop) else 130
    except BrokenPipeError:  # whoever read the output (`... | head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # 128 plus SIGPIPE, as the shell has it
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


def _cut_off_if_asked(options: argparse.Namespace) -> None:
    if getattr(options, "network_off", False):
        from setup.network import cut_off

        cut_off()


def run(options: argparse.Namespace) -> int:
    """Execute notebooks; return 0 when all of them reach their end, else 1."""
    from setup import classroom, runs
    from setup.execution import workers
    from setup.notebooks import select

    chosen = select(options.chapters)
    need_git()
    _cut_off_if_asked(options)
    folder = runs.run_folder()
    with Progress() as progress, classroom.opened(live=options.live, progress=progress) as world:
        started = time.monotonic()
        outcomes = runs.perform(
            chosen, world.environ, folder, workers(options.jobs), options.timeout, progress
        )
    print("\n" + runs.summary(outcomes, time.monotonic() - started))
    if told := runs.failures(outcomes, folder):
        print("\n" + told)
    print(f"\nExecuted notebooks: {shown(folder)}")
    return 1 if told else 0


def lab(options: argparse.Namespace) -> int:
    """Run JupyterLab in the classroom until it is stopped."""
    from setup import classroom, laboratory, ports

    need_git()
    port = ports.take(options.port, laboratory.USUAL_PORT)
    with (
        Progress() as progress,
        classroom.opened(live=options.live, checked=False, progress=progress) as world,
        laboratory.opened(
            world.environ, port, browser=not options.no_browser, progress=progress
        ) as (process, address),
    ):
        progress.clear()
        print(f"JupyterLab  {styled(address, 'bold')}")
        print(f"Hub         {world.address or 'the real one'}")
        if world.address:
            token = shown(STATE / "hub" / "token")
            print(f"            to sign in on its pages, paste the token from {token}")
        print("Your work is saved in notebooks/. Ctrl-C ends both.", flush=True)
        return process.wait()


def test(options: argparse.Namespace) -> int:
    """Run the test suite in the classroom; return pytest's exit status."""
    from setup import classroom, suite

    need_git()
    _cut_off_if_asked(options)
    with Progress() as progress, classroom.opened(progress=progress) as world:
        progress.clear()
        return suite.perform(world.environ, options.extra)


def hub(options: argparse.Namespace) -> int:
    """Run the local Hub alone until it is stopped."""
    from setup import solitary

    need_git()
    switches = {"--sign-up": options.sign_up, "--no-widget": options.no_widget}
    chosen = [switch for switch, wanted in switches.items() if wanted]
    chosen += ["--mirror", str(Path(options.mirror).resolve())] if options.mirror else []
    return solitary.serve(options.port, options.host, chosen)


def doctor(options: argparse.Namespace) -> int:
    """Examine the machine; return 1 when something stands in the way, else 0."""
    from setup import doctor as physician

    findings = physician.examine(environment.chosen())
    print(physician.report(findings))
    return 1 if any(finding.state == physician.PROBLEM for finding in findings) else 0


def refresh(options: argparse.Namespace) -> int:
    """Execute notebooks and store their outputs; return 1 when one fails, else 0."""
    from setup import classroom, refreshing, runs
    from setup.execution import workers
    from setup.notebooks import select

    chosen = select(options.chapters)
    if options.check:
        stale = refreshing.unnormalized(chosen)
        for notebook in stale:
            print(f"not normalized: {shown(notebook.path)}")
        return 1 if stale else 0
    need_git()
    folder = runs.run_folder()
    with Progress() as progress, classroom.opened(progress=progress) as world:
        outcomes = runs.perform(
            chosen, world.environ, folder, workers(options.jobs), options.timeout, progress
        )
    changed = [outcome.notebook for outcome in outcomes if refreshing.store(outcome)]
    print()
    for notebook in changed:
        print(f"changed: {shown(notebook.path)}")
    print(f"{len(changed)} of {len(outcomes)} notebooks changed.")
    if told := runs.failures(outcomes, folder):
        print("\nLeft as they were:\n\n" + told)
    return 1 if told else 0


def stamp(options: argparse.Namespace) -> int:
    """Write the badges and the README's table; with --check say what is stale."""
    from setup import stamp as stamping

    try:
        return stamping.stamp(options)
    except stamping.StampError as error:
        raise Trouble(str(error), "Mend the place named, then run the command again.") from error


HANDLERS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": run, "lab": lab, "test": test, "hub": hub, "doctor": doctor, "refresh": refresh,
    "stamp": stamp,
}
