"""A problem of a dataset, and the text of its message."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from pyspark.errors import PySparkException

from transforms.errors import CityLakeError, MissingColumnError

_ERROR_CLASS = re.compile(r"^\[[A-Z_.]+\] ")


@dataclass(frozen=True)
class Problem:
    """A mistake in a file of a dataset.

    Attributes:
        file: The path of the file.
        subject: The part of the file, such as `field 'visits'`.
        text: What is wrong, the expected and the found value, and how to fix it.
        is_warning: Whether the dataset can run in spite of the problem.
    """

    file: str
    subject: str
    text: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.subject}: {self.text}"


class CheckError(CityLakeError, ValueError):
    """The files of datasets have mistakes. No job was started, so no landed file was read and no table was changed.

    Attributes:
        problems: The mistakes.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(where="check", problem=f"{counted(len(problems))}. No job was started.{lines}")


def counted(number: int) -> str:
    """Return the number of problems in words.

    >>> counted(1), counted(2)
    ('1 problem', '2 problems')
    """
    return f"{number} problem{'' if number == 1 else 's'}"


def unknown_name(kind: str, name: object, known: Iterable[str]) -> str:
    """Return the message that a name does not exist, with the known names and the most similar name.

    >>> unknown_name("column", "vists", ["date", "visits"])
    "column 'vists' does not exist. Expected one of: date, visits. Did you mean 'visits'?"
    """
    names = list(known)
    similar = get_close_matches(str(name), names, n=1, cutoff=0.6)
    hint = f"Did you mean {similar[0]!r}?" if similar else "Correct the name."
    return f"{kind} {name!r} does not exist. Expected one of: {', '.join(names) or '(none)'}. {hint}"


def file_of(package: str, name: str) -> str:
    """Return the path of a module, such as `reports/contact_centre.py`. The module does not have to exist."""
    spec = find_spec(f"{package}.{name}")
    folder = package.replace(".", "/")
    return f"{folder}/{name}/__init__.py" if spec and spec.submodule_search_locations else f"{folder}/{name}.py"


def explain(error: BaseException, *, file: str = "") -> str:
    """Return the message of an error that a file raised, with the line in this file."""
    if isinstance(error, MissingColumnError):
        known = [name for name in error.available if not name.startswith("_")]
        return f"{error.where}: {unknown_name('column', error.column, known)}"
    if isinstance(error, CityLakeError):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"{error.msg} in line {error.lineno}. Correct the syntax."
    kind = "Spark" if isinstance(error, PySparkException) else type(error).__name__
    message = next((line for line in str(error).splitlines() if line.strip()), "").strip().rstrip(";.")
    return f"{kind}{_line_in(file, error)}: {_ERROR_CLASS.sub('', message)}."


def _line_in(file: str, error: BaseException) -> str:
    folder = file.removesuffix("__init__.py")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if file and folder in frame.filename]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
