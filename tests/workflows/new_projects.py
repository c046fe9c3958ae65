"""Copy the project, so that a test can add datasets to the copy and run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PACKAGES = ("expectations", "ingest", "jobs", "lake", "reports", "transforms", "workflows")
_FILES = ("conftest.py", "pyproject.toml", "setup.py", "tests/conftest.py", "tests/python_daemon.py")


class Project:
    """A copy of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__")
        for package in _PACKAGES:
            shutil.copytree(ROOT / package, folder / package, ignore=ignored)
        shutil.copytree(ROOT / "tests/transforms", folder / "tests/transforms", ignore=ignored)
        for name in _FILES:
            shutil.copy(ROOT / name, folder / name)

    def python(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder of the copy."""
        command = [sys.executable, *map(str, arguments)]
        environment = {**os.environ, "COLUMNS": "100"}
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env=environment)

    def citylake(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the command of the copy."""
        return self.python("-m", "workflows.cli", *arguments)

    def new(self, name: str, *files: Path) -> str:
        """Add a dataset, and return the screen."""
        run = self.citylake("new", name, "--from", *files)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def files(self, name: str) -> dict[str, str]:
        """Return the content of the files of a dataset, by path."""
        stems, ends = (name, f"test_{name}"), (".py", ".json")
        paths = [path for path in self.folder.rglob("*") if path.stem in stems and path.suffix in ends]
        return {str(path.relative_to(self.folder)): path.read_text(encoding="utf-8") for path in paths}
