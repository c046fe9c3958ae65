"""Write the files of a report to a folder. The folder has the old files or the new files, and never a mix."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from tempfile import mkdtemp

from reports.errors import TargetError


@dataclass(frozen=True)
class TargetFolder:
    """A folder that a report writes and replaces.

    Attributes:
        path: The path of the folder.
        option: The option of the command line that names the folder, such as `--to`.
        manifest: The name of the file that marks the folder as a report of CityLake. It lists the files of the report.
    """

    path: str
    option: str
    manifest: str

    def check(self) -> None:
        """Check that the folder has an older report of the same kind, or is empty or absent.

        Raises:
            TargetError: The path is a file, or the folder has other files.
        """
        target = Path(self.path)
        if target.exists() and not target.is_dir():
            raise TargetError(where=self.path, problem=f"this is a file. Give a folder with {self.option}")
        if target.is_dir() and any(target.iterdir()) and not (target / self.manifest).is_file():
            names = ", ".join(sorted(path.name for path in target.iterdir())[:3])
            problem = f"the folder has files that are not a report of CityLake: {names}. Give another folder with "
            raise TargetError(where=self.path, problem=f"{problem}{self.option}")

    def write(self, files: Mapping[str, str]) -> Path:
        """Write files to the folder, and return the path of the folder. Older files in the folder are removed.

        `files` maps the path of each file in the folder to its text.

        Raises:
            TargetError: The folder has other files, or cannot be written.
        """
        self.check()
        target = Path(self.path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        except OSError as error:
            raise self._not_writable(error) from error
        try:
            for path, content in {**files, self.manifest: json.dumps({"files": sorted(files)}, indent=1)}.items():
                (partial / path).parent.mkdir(parents=True, exist_ok=True)
                (partial / path).write_text(content, encoding="utf-8")
            partial.chmod(0o755)  # mkdtemp makes a folder that only its owner can read.
            _replace(target, partial)
        except OSError as error:
            raise self._not_writable(error) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target

    def _not_writable(self, error: OSError) -> TargetError:
        problem = f"the folder cannot be written ({error.strerror}). Check its permissions, or give another folder with"
        return TargetError(where=self.path, problem=f"{problem} {self.option}")


def require_separate(targets: Sequence[TargetFolder]) -> None:
    """Check that no target is the folder of another target, or is inside this folder.

    Raises:
        TargetError: Two targets overlap, so one report would replace the other report.
    """
    for inner, outer in permutations(targets, 2):
        if Path(inner.path).resolve().is_relative_to(Path(outer.path).resolve()):
            problem = (
                f"{inner.option} and {outer.option} have the same folder, or the folder of {inner.option} is inside "
                f"{outer.path}. Give a separate folder with {inner.option}"
            )
            raise TargetError(where=inner.path, problem=problem)


def _replace(target: Path, partial: Path) -> None:
    old = partial.with_name(f"{partial.name}.old")
    if target.exists():
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        with suppress(FileNotFoundError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
