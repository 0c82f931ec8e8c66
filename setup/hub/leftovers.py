"""What a killed process can leave inside a repository: locks and half-written objects.

Safe only while no process writes to the repository, as at the start of a Hub, which holds the
lock on the whole state folder.
"""

import shutil
from pathlib import Path

_FOLDERS = ("objects/tmp_objdir-*", "objects/incoming-*")
_FILES = ("*.lock", "refs/**/*.lock", "objects/??/tmp_obj_*", "objects/pack/tmp_*", ".hub.json.*")


def clear(repository: Path) -> None:
    """Remove them; nothing that a reference leads to is among them."""
    for pattern in _FOLDERS:
        for folder in repository.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)
    for pattern in _FILES:
        for file in repository.glob(pattern):
            file.unlink(missing_ok=True)
