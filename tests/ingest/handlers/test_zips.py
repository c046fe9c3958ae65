import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HANDLERS = Path(__file__).parents[3] / "ingest" / "handlers"


@pytest.mark.parametrize("path", sorted(HANDLERS.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_handler_imports_no_other_project_file(tmp_path: Path, path: Path) -> None:
    """The zip of a handler contains only its file."""
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as archive:
        archive.write(path, path.name)
    # Lambda provides only the standard library and boto3. A stub replaces boto3, because in this test the handler
    # imports boto3, but does not call it.
    boto3 = "import sys, types; botocore = types.ModuleType('botocore'); botocore.exceptions = types.ModuleType('x')"
    boto3 += "; botocore.exceptions.ClientError = botocore.exceptions.BotoCoreError = OSError"
    boto3 += (
        "; sys.modules.update({'boto3': botocore, 'botocore': botocore, 'botocore.exceptions': botocore.exceptions})"
    )
    code = f"{boto3}; sys.path.insert(0, 'function.zip'); import {path.stem}; print({path.stem}.handler.__name__)"

    done = subprocess.run([sys.executable, "-S", "-E", "-c", code], cwd=tmp_path, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("handler\n", "")
