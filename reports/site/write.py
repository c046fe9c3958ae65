"""Write the files of a site to a folder. The folder has the old site or the new site, and never a mix."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from reports.errors import TargetError
from reports.site.pages import Site

MANIFEST = "citylake-site.json"
"""The file that marks a folder as a site of CityLake. It lists the files of the site."""


def write_site(site: Site, folder: str) -> Path:
    """Write a site to a folder, and return the path of its index page. An old site in the folder is replaced.

    Raises:
        TargetError: The folder has other files, or cannot be written.
    """
    target = Path(folder)
    require_site_or_empty(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise _not_writable(target, error) from error
    try:
        for path, content in {**site.files, "index.html": site.index, MANIFEST: _manifest(site)}.items():
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            (partial / path).write_text(content, encoding="utf-8")
        partial.chmod(0o755)  # mkdtemp makes a folder that only its owner can read.
        _replace(target, partial)
    except OSError as error:
        raise _not_writable(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target / "index.html"


def require_site_or_empty(target: Path) -> None:
    """Check that a folder has a site of CityLake, or is empty or absent.

    Raises:
        TargetError: The path is a file, or the folder has other files.
    """
    if target.is_dir() and any(target.iterdir()) and not (target / MANIFEST).is_file():
        names = ", ".join(sorted(path.name for path in target.iterdir())[:3])
        problem = f"the folder has files that are not a report of CityLake: {names}. Give another folder with --to"
        raise TargetError(where=str(target), problem=problem)
    if target.exists() and not target.is_dir():
        raise TargetError(where=str(target), problem="this is a file. Give a folder with --to")


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


def _manifest(site: Site) -> str:
    return json.dumps({"files": sorted([*site.files, "index.html"])}, indent=1)


def _not_writable(target: Path, error: OSError) -> TargetError:
    problem = (
        f"the folder cannot be written ({error.strerror}). Check its permissions, or give another folder with --to"
    )
    return TargetError(where=str(target), problem=problem)
