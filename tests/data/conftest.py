"""Joined checkpoints for the tests: each is made once in a session, as the local Hub makes it."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import torch

from data.build.encoders import SEEDS, joined
from tests.realdata import real_data


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from a checkpoint's id to the folder with its published files."""

    @cache
    def make(name: str) -> Path:
        return joined(SEEDS / name, tmp_path_factory.mktemp(name.replace("/", "--")))

    return make


@pytest.fixture(scope="session")
def real() -> Path:
    """Return the folder with real data, or skip: its licences keep it out of the repository."""
    return real_data()


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """A model this small is slower on several threads when other tests run beside it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
