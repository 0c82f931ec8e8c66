"""Entry point of `python3 -m setup COMMAND`.

Kept to what every Python since 2.7 can read, so that an old interpreter gets as far as saying
what to do. Everything newer is imported only after the check.
"""

# ruff: noqa: UP031  (f-strings are younger than the interpreters this speaks to)

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
MINORS = range(11, 17)  # 3.11 first: the version that the tests run with

if __name__ == "__main__" and sys.version_info < OLDEST:
    found = ""
    which = getattr(shutil, "which", None)
    for name in ["python3.%d" % minor for minor in MINORS]:
        # Version managers put names on PATH that only complain, so each is tried.
        with open(os.devnull, "w") as nowhere:
            if which and which(name) and not subprocess.call([name, "-c", ""], stderr=nowhere):
                found = name
                break
    lines = [
        "error: this is Python %d.%d; the course needs Python %d.%d or newer."
        % (sys.version_info[:2] + OLDEST)
    ]
    if found:
        command = " ".join([found, "-m", "setup"] + sys.argv[1:])
        lines.append("  remedy: a newer one is installed here. Run: " + command)
    else:
        lines.append("  remedy: install a newer Python (from your system's packages or with the")
        lines.append("          Python project's installer), then run the same command with it.")
    sys.stderr.write("\n".join(lines) + "\n")
    sys.exit(2)

if __name__ == "__main__":
    from setup.commands import main

    sys.exit(main(sys.argv[1:]))
