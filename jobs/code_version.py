"""The version of the code that a table was made with."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable


@cache
def code_version(*packages: str) -> str:
    """Return a hash of the source and data files of packages. If it changes, a table has to be made again.

    The version number of the wheel is not enough: it stays the same while a developer edits a working copy.

    >>> code_version("transforms") == code_version("transforms"), code_version("transforms") == code_version("jobs")
    (True, False)
    """
    digest = hashlib.sha256()
    for package in packages:
        for name, content in sorted(_files(resources.files(package), package)):
            digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())
    return digest.hexdigest()[:16]


def _files(folder: Traversable, name: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            found += _files(entry, path)
        elif entry.name.endswith((".py", ".json")):
            found.append((path, entry.read_bytes()))
    return found
