"""Share folders between the test processes of one run."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path


def made_once(path: Path, make: Callable[[], None]) -> Path:
    """Make a folder, unless another test process of this run has made it. The other processes wait."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = path.with_suffix(".done")
        if not done.exists():
            make()
            done.touch()
    return path
