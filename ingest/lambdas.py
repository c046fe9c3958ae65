"""Build the zips of the Lambdas.

python -m ingest.lambdas FOLDER

A zip contains the handler and the modules that the handler imports, in the same packages as in this project. The
handler of a zip is `ingest.handlers.<name>.handler`. AWS provides boto3 and urllib3, so the zips do not contain them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_PROJECT = Path(__file__).parents[1]
_SHARED = ("ingest/__init__.py", "ingest/errors.py", "ingest/handlers/__init__.py", "ingest/settings.py")
_SHARED_WITH_JOBS = ("transforms/__init__.py", "transforms/errors.py")

MODULES: Mapping[str, Sequence[str]] = {
    "feed_poller": ("ingest/downloads.py", "ingest/feeds.py", "ingest/streams.py"),
    "kinesis_to_dynamodb": ("ingest/case_items.py", "ingest/json_objects.py", "ingest/kinesis_events.py"),
}
"""The modules of each handler, except the modules that all handlers import."""

PACKAGES: Mapping[str, Sequence[str]] = {
    "feed_poller": (),
    # aws-kinesis-agg imports six, but does not declare it.
    "kinesis_to_dynamodb": ("aws-kinesis-agg", "protobuf", "six"),
}
"""The packages from PyPI that a handler imports, and that AWS does not provide."""


def build_zips(folder: Path) -> list[Path]:
    """Build the zip of each handler in a folder, and return the paths of the zips."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_build_zip(name, folder / f"{name}.zip") for name in MODULES]


def _build_zip(name: str, path: Path) -> Path:
    modules = (*_SHARED, *_SHARED_WITH_JOBS, *MODULES[name], f"ingest/handlers/{name}.py")
    files = {module: _PROJECT / module for module in modules}
    with tempfile.TemporaryDirectory() as packages:
        _install(PACKAGES[name], packages)
        files |= {file.relative_to(packages).as_posix(): file for file in Path(packages).rglob("*") if file.is_file()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for target, source in sorted(files.items()):
                entry = zipfile.ZipInfo(target)  # always the same time, so equal files give an equal zip
                entry.external_attr = 0o644 << 16  # Lambda runs as another user
                archive.writestr(entry, source.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


def _install(packages: Sequence[str], folder: str) -> None:
    """Install packages in a folder. Only wheels of pure Python are used, so a zip runs on x86_64 and arm64."""
    if packages:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        pip += ["--platform=any", "--python-version=3.11", "--only-binary=:all:", "--no-deps", f"--target={folder}"]
        pip += [f"--constraint={_PROJECT / 'constraints' / name}" for name in ("glue-5.1.txt", "lock.txt")]
        subprocess.run([*pip, *packages], check=True)


if __name__ == "__main__":
    for built in build_zips(Path(sys.argv[1])):
        sys.stdout.write(f"{built}\n")
