"""Share folders between the test processes of one run, and name the datasets that have samples."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

from transforms.datasets import dataset_names
from workflows.parts import sample_writer

SAMPLED = [name for name in dataset_names() if sample_writer(name)]
"""The datasets that have a generator of samples."""


def made_once(path: Path, make: Callable[[], None]) -> Path:
    """Make a folder, unless another test process of this run has made it. The other processes wait."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = path.with_suffix(".done")
        if not done.exists():
            make()
            done.touch()
    return path
