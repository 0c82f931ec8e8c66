"""Entry point of `python3 -m setup COMMAND`.

Written in the syntax of Python 3.6, so that an old interpreter can read this file and say what
to do. Everything newer is imported only after the check.
"""

import shutil
import sys

OLDEST = (3, 11)
NEWEST_KNOWN = 16


def advice(version: tuple, arguments: list) -> str:
    """Return the message for an interpreter of `version` that is too old."""
    found = "Python {}.{}".format(version[0], version[1])  # noqa: UP032
    needed = "Python {}.{}".format(OLDEST[0], OLDEST[1])  # noqa: UP032
    lines = ["error: this is {}; the course needs {} or newer.".format(found, needed)]  # noqa: UP032
    for minor in range(NEWEST_KNOWN, OLDEST[1] - 1, -1):
        name = "python3.{}".format(minor)  # noqa: UP032
        if shutil.which(name):
            command = " ".join([name, "-m", "setup"] + list(arguments))  # noqa: RUF005
            lines.append("  remedy: a newer one is installed here. Run: " + command)
            break
    else:
        lines.append("  remedy: install a newer Python (your system's packages, or the")
        lines.append("          installer of the Python project), then run the command with it.")
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.stderr.write(advice(tuple(sys.version_info), sys.argv[1:]) + "\n")
        sys.exit(2)
    from setup.commands import main

    sys.exit(main(sys.argv[1:]))
