"""Counting parameters from the header of a safetensors file."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from starlette.testclient import TestClient

from setup.hub.weights import parameters
from tests.hub.conftest import MODEL, WORDS


def test_parameters_are_counted_by_type(tmp_path: Path) -> None:
    tensors: dict[str, np.ndarray[Any, Any]] = {
        "a": np.zeros((2, 3), np.float32),
        "b": np.zeros(5, np.float32),
        "c": np.zeros((), np.float16),
    }
    save_file(tensors, tmp_path / "m.safetensors", {"format": "pt"})
    assert parameters(tmp_path / "m.safetensors") == {"F32": 11, "F16": 1}


def file_of(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\xff" * 100,
        file_of(b"not json"),
        file_of(b"[1]"),
        file_of(b"{}"),
        file_of(json.dumps({"a": 1}).encode()),
        file_of(json.dumps({"a": {"dtype": "F32", "shape": ["x"]}}).encode()),
        file_of(b"[" * 100_000),
    ],
)
def test_files_that_cannot_be_read_have_no_count(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.safetensors").write_bytes(content)
    assert parameters(tmp_path / "m.safetensors") is None


def test_info_tells_the_count_and_the_storage(web: TestClient) -> None:
    told = web.get(f"/api/models/{MODEL}").json()
    total = len(WORDS) * 8 + 2 * 8 + 2
    assert told["safetensors"] == {"parameters": {"F32": total}, "total": total}
    size = web.head(f"/{MODEL}/resolve/main/model.safetensors").headers["Content-Length"]
    assert told["usedStorage"] == int(size)


def test_a_model_without_safetensors_has_no_count(web: TestClient) -> None:
    assert "safetensors" not in web.get("/api/models/acme/french").json()
