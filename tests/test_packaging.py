"""Test that `spark-submit` runs a job from the installed wheel, and also from a .zip copy of the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from datetime import date
from importlib import metadata
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from lake.session import iceberg_jar, java_home

REPOSITORY = Path(__file__).parents[1]
SITE_PACKAGES = Path(sysconfig.get_paths()["purelib"])
OURS = ("expectations", "ingest", "jobs", "lake", "reports", "transforms", "workflows")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name in OURS:
        shutil.copytree(REPOSITORY / name, source / name)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source / name)
    folder = tmp_path_factory.mktemp("dist")
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), "."]
    subprocess.run(pip, cwd=source, check=True)
    return next(folder.glob("citylake-*.whl"))


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Return a Python executable that can import the installed packages, but not the packages of this project."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    packages = next(environment.glob("lib/python*/site-packages"))
    (packages / "installed.pth").write_text(f"{SITE_PACKAGES}\n")
    executable = environment / "bin" / "python"
    alone = subprocess.run([executable, "-c", "import transforms"], cwd=tmp_path, capture_output=True, text=True)
    assert "No module named 'transforms'" in alone.stderr
    return executable


def submit(python: Path, folder: Path, *arguments: str) -> None:
    spark_home = str(Path(pyspark.__file__).parent)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "JAVA_HOME": java_home(),
        "SPARK_HOME": spark_home,
        "SPARK_SUBMIT_OPTS": os.environ["SPARK_SUBMIT_OPTS"],
        "PYSPARK_PYTHON": str(python),
    }
    command = [f"{spark_home}/bin/spark-submit", "--master", "local[2]", "--jars", str(iceberg_jar()), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def check_answer(lake: SparkSession) -> None:
    years = lake.table("lake.curated.contact_centre_calls_handled").collect()
    days = (date(2024, 1, 1), date(2024, 1, 30))
    assert [tuple(row) for row in years] == [(2024, 30, *days, 3000, 2700, 90.0, None)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def test_job_runs_from_the_installed_wheel(
    lake: SparkSession, wheel: Path, python: Path, folder: Path, landing, tmp_path: Path
) -> None:
    landing.workbook("2024.xlsx", landing.days())
    packages = next(python.parents[1].glob("lib/python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(packages), str(wheel)]
    subprocess.run(pip, check=True)

    job = packages / "jobs" / "dataset.py"
    submit(
        python, folder, str(job), "--dataset", "contact_centre",
        "--landing", str(landing), "--warehouse", str(tmp_path / "warehouse"),
    )  # fmt: skip

    check_answer(lake)


def test_job_runs_from_a_zip_copy(
    lake: SparkSession, wheel: Path, python: Path, folder: Path, landing, tmp_path: Path
) -> None:
    landing.workbook("2024.xlsx", landing.days())
    twin = Path(shutil.copy(wheel, folder / "citylake.zip"))
    with zipfile.ZipFile(twin) as archive:
        (folder / "dataset.py").write_bytes(archive.read("jobs/dataset.py"))

    submit(
        python, folder, "--py-files", "citylake.zip", "dataset.py", "--dataset", "contact_centre",
        "--stage", "all", "--landing", str(landing), "--warehouse", str(tmp_path / "warehouse"),
    )  # fmt: skip

    check_answer(lake)


def test_the_wheel_contains_all_packages_and_their_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = [path.relative_to(REPOSITORY).as_posix() for top in OURS for path in (REPOSITORY / top).rglob("*.py")]

    assert set(modules) - names == set()
    assert {"expectations/suites/contact_centre.json", "lake/log4j2.properties"} <= names
    assert {name.split("/")[0] for name in names} == {*OURS, f"citylake-{metadata.version('citylake')}.dist-info"}


def test_package_names_belong_only_to_citylake() -> None:
    owners = metadata.packages_distributions()

    assert {name: set(owners.get(name, ())) - {"citylake"} for name in OURS} == {name: set() for name in OURS}


def test_the_package_has_no_required_dependencies() -> None:
    requirements = metadata.requires("citylake") or []

    assert [line for line in requirements if "extra ==" not in line] == []
