"""Write dashboards to a folder. A file has the old dashboard or the new dashboard, and never a part of one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

from reports.errors import TargetError


def write_dashboards(dashboards: Mapping[str, str], folder: str) -> list[Path]:
    """Write the dashboard of each dataset to `<dataset>.json`, and return the paths.

    Existing dashboards of these datasets are replaced. All other files in the folder stay unchanged.

    Raises:
        TargetError: The folder is a file or cannot be written, or a path of a dashboard is a folder.
    """
    target = Path(folder)
    paths = {name: target / f"{name}.json" for name in dashboards}
    require_folder(target)
    if blocked := [path for path in paths.values() if path.is_dir()]:
        raise TargetError(where=str(blocked[0]), problem="this is a folder. Give another folder with --grafana")
    try:
        target.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(prefix=".citylake-", dir=target))
    except OSError as error:
        raise _not_writable(target, error) from error
    try:
        for name, content in dashboards.items():
            (partial / f"{name}.json").write_text(content, encoding="utf-8")
        for name, path in paths.items():
            (partial / f"{name}.json").replace(path)
    except OSError as error:
        raise _not_writable(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return list(paths.values())


def require_folder(target: Path) -> None:
    """Check that a path is a folder, or that nothing has this path.

    Raises:
        TargetError: The path is a file.
    """
    if target.exists() and not target.is_dir():
        raise TargetError(where=str(target), problem="this is a file. Give a folder with --grafana")


def _not_writable(target: Path, error: OSError) -> TargetError:
    problem = (
        f"the folder cannot be written ({error.strerror}). Check its permissions, or give another folder with --grafana"
    )
    return TargetError(where=str(target), problem=problem)
