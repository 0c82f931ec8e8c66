"""Conditions that stop a command, each told in plain words with its remedy."""

from __future__ import annotations

import errno
import sys
import textwrap

EXIT_STATUS = 2


class Trouble(Exception):
    """A condition that the user can mend: what is wrong, and what to do about it."""

    def __init__(self, problem: str, *remedies: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedies = remedies

    def __str__(self) -> str:
        """Return the problem and its remedies in one line each, as a log wants them."""
        return "\n".join([self.problem, *self.remedies])

    def told(self) -> str:
        """Return the problem and its remedies, one paragraph each, at most 100 columns wide."""
        paragraphs = [_paragraph("error: ", self.problem)]
        paragraphs += [_paragraph("  remedy: ", remedy) for remedy in self.remedies]
        return "\n".join(paragraphs)


def _paragraph(label: str, text: str) -> str:
    first, *rest = text.split("\n")
    indent = " " * len(label)
    head = textwrap.fill(
        first, 100, initial_indent=label, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )
    return "\n".join([head, *(indent + line for line in rest)])


def tell(trouble: Trouble) -> int:
    """Print `trouble` to stderr and return the exit status that goes with it."""
    sys.stdout.flush()
    print(trouble.told(), file=sys.stderr, flush=True)
    return EXIT_STATUS


def of_os_error(error: OSError, doing: str) -> Trouble:
    """Return the Trouble for `error`, met while `doing` something ("creating .venv")."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return Trouble(
            f"The disk is full: no space was left while {doing}{where}.",
            "Free some space, or set SETUP_VENV to a folder on a larger disk, "
            "then run the same command again; it takes up where it stopped.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(
            f"Permission denied while {doing}{where}: the folder cannot be written to.",
            "Clone the project into a folder of your own (for example your home folder). "
            "If only the environment must lie elsewhere, set SETUP_VENV to a writable folder.",
        )
    return Trouble(
        f"The system reported an error while {doing}{where}: {error.strerror or error}.",
        "Mend the cause named above, then run the same command again. "
        "`python3 -m setup doctor` looks at the machine as a whole.",
    )
