"""Compute the version of the code, to detect tables that were built by older code."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable


@cache
def code_version(*packages: str) -> str:
    """Return a hash of the source and data files of packages. If the hash changes, tables must be built again.

    The version number of the wheel is not enough, because the number does not change when a developer edits the code.

    >>> code_version("transforms") == code_version("transforms"), code_version("transforms") == code_version("jobs")
    (True, False)
    """
    digest = hashlib.sha256()
    for package in packages:
        for name, content in sorted(_read_files(resources.files(package), package)):
            digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
    return digest.hexdigest()[:16]


def _read_files(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    files = []
    for entry in folder.iterdir():
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            files += _read_files(entry, path)
        elif entry.name.endswith((".py", ".json")):
            files.append((path, entry.read_bytes()))
    return files
