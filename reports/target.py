"""Write the files of a report to a folder.

The folder has either the old files or the new files. While a report replaces the folder, the folder is absent for a
moment. If the process is killed at this moment, the old files are in a hidden folder. The name of this folder ends in
`.old`, and it has the same parent folder.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from errno import EEXIST, ENOTEMPTY
from itertools import permutations
from pathlib import Path
from tempfile import mkdtemp

from reports.errors import TargetError

_ATTEMPTS = 20  # to replace a folder, if other processes replace the same folder


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
        """Check that the folder can be written, and has no files except those of an older report of the same kind.

        Raises:
            TargetError: The path is a file, the folder has other files, the folder is the current folder or a folder
                above it, or the folder cannot be written.
        """
        target = Path(self.path).resolve()
        try:
            if target.exists() and not target.is_dir():
                raise self._error("this is a file. Give a folder with")
            if not self.path or target in (Path.cwd(), *Path.cwd().parents):
                problem = "this is the current folder or a folder above it, and is never replaced"
                raise self._error(f"{problem}. Give another folder with")
            if others := sorted(self._other_files(target)):
                names = ", ".join(others[:3])
                raise self._error(f"the folder has other files: {names}. Give another folder with")
            parent = next(folder for folder in target.parents if folder.exists())
            if not parent.is_dir() or not os.access(parent, os.W_OK):
                raise self._error(f"{parent} is not a folder that can be written. Give another folder with")
        except OSError as error:
            raise self._not_writable(error) from error

    def _other_files(self, target: Path) -> set[str]:
        try:
            found = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
            if self.manifest not in found:
                return found
            own = json.loads((target / self.manifest).read_text(encoding="utf-8"))["files"]
            return found - {*own, self.manifest}
        except FileNotFoundError:  # Another process has just replaced the folder with its own report.
            return set()
        except (
            KeyError,
            TypeError,
            ValueError,
        ):  # No report wrote this manifest, so another program may own the files.
            return found

    def write(self, files: Mapping[str, str]) -> Path:
        """Write files to the folder, and return the path of the folder. Older files in the folder are removed.

        `files` maps the path of each file in the folder to its text.

        Raises:
            TargetError: The folder has other files, or cannot be written. The older files are kept. If they cannot be
                moved back, the message names the folder that contains them.
        """
        self.check()
        target = Path(self.path).resolve()
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
            self._replace(target, partial)
        except OSError as error:
            raise self._not_writable(error) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return Path(self.path)

    def _replace(self, target: Path, partial: Path) -> None:
        """Replace the old folder by the new folder. Try again if another process replaces it at the same time."""
        for attempt in range(_ATTEMPTS):
            old = partial.with_name(f"{partial.name}.{attempt}.old")
            try:
                with suppress(FileNotFoundError):
                    target.rename(old)
                partial.rename(target)
            except BaseException as error:
                self._put_back(old, target)
                if not _is_occupied(error) or attempt == _ATTEMPTS - 1:
                    raise
            else:
                shutil.rmtree(old, ignore_errors=True)
                return

    def _put_back(self, old: Path, target: Path) -> None:
        """Move the old folder back. Delete it only if newer files are in place."""
        try:
            old.rename(target)
        except FileNotFoundError:
            return  # There was no old folder, or the old folder was not moved.
        except OSError as error:
            if not _is_occupied(error):
                problem = f"the folder cannot be replaced ({error.strerror}). Its older files are in {old}"
                raise TargetError(where=self.path, problem=f"{problem}. Rename {old} to {target}") from error
            shutil.rmtree(old, ignore_errors=True)

    def _error(self, problem: str) -> TargetError:
        return TargetError(where=self.path, problem=f"{problem} {self.option}")

    def _not_writable(self, error: OSError) -> TargetError:
        advice = "Check its permissions, or give another folder with"
        return self._error(f"the folder cannot be written ({error.strerror}). {advice}")


def _is_occupied(error: BaseException) -> bool:
    """Return whether a folder was not moved because its new path has files."""
    return isinstance(error, OSError) and error.errno in (ENOTEMPTY, EEXIST)


def require_separate(targets: Sequence[TargetFolder], *, files: Sequence[str] = ()) -> None:
    """Check that no target is inside another target. `files` are the paths of the workbooks.

    Raises:
        TargetError: Two targets overlap, so one report would replace the other report.
    """
    places = [(target.path, target.option) for target in targets]
    for (inner, option), (outer, _) in permutations([*places, *((file, "--excel") for file in files)], 2):
        if Path(inner).resolve().is_relative_to(Path(outer).resolve()) and outer not in files:
            problem = f"this is the folder of another output, or it is inside {outer}. Give another place with {option}"
            raise TargetError(where=inner, problem=problem)
