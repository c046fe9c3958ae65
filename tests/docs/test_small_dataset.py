"""Follow the tutorial `small-dataset.md` in a copy of the project: run its commands, and make its changes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.workflows.new_projects import ROOT, Project

PAGE = ROOT / "docs/tutorial/small-dataset.md"
FILE = "landing/library_visits/2024.csv"


@dataclass
class Reader:
    """A reader who follows the page. `edited` is the file that the page named last."""

    project: Project
    tools: Path
    edited: str = ""
    output: str = ""
    commands: int = 0
    changed_lines: int = 0

    def read(self, page: str) -> None:
        for text, language, block in re.findall(r"(.*?)^ *```(\w*)\n(.*?)^ *```$", page, flags=re.M | re.S):
            if names := re.findall(r"(?:Edit|Save this text as) `([^`]+)`", text):
                self.edited = names[-1]
            follow = {"csv": self.save, "bash": self.run, "diff": self.change, "": self.compare}[language]
            follow(dedent(block))

    def save(self, content: str) -> None:
        path = self.project.folder / self.edited
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")

    def run(self, commands: str) -> None:
        """Run each line with a shell in which `citylake` and `python` run the copy of the project."""
        # If one of these variables is set, pytest prints longer lines, because it assumes that it runs on CI.
        environment = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
        environment |= {"COLUMNS": "100", "PATH": f"{self.tools}:{environment['PATH']}"}
        self.output = ""
        for command in commands.splitlines():
            run = subprocess.run(
                ["bash", "-c", command], cwd=self.project.folder, env=environment, capture_output=True, text=True
            )
            self.output += run.stdout
            self.commands += 1
            assert run.returncode == (1 if "FAILED" in run.stdout else 0), run.stdout + run.stderr

    def change(self, diff: str) -> None:
        """Replace the lines with `-` by the lines with `+` in the edited file. Lines with a space are context."""
        path = self.project.folder / self.edited
        lines = diff.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.changed_lines += max(sum(line[0] == sign for line in lines) for sign in "+-")

    def compare(self, expected: str) -> None:
        """Check that the output has the lines of a block, in their order."""
        lines = iter(_words(self.output))
        for line in _words(expected):
            assert line in lines, f"{line!r} is not in\n{self.output}"


def _words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_tutorial_leads_from_a_file_to_a_published_answer(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, arguments in (("citylake", "-m workflows.cli"), ("python", "")):
        (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        (tools / name).chmod(0o755)
    reader = Reader(Project(tmp_path / "project"), tools)
    page, removal = PAGE.read_text(encoding="utf-8").split("## Remove the dataset")

    reader.read(page)

    written = reader.project.files("library_visits")
    for path, text in written.items():
        assert "Unsure:" not in text.replace("starts with `# Unsure:`", ""), path
    stated = re.search(
        r"you ran (\d+) commands and changed (\d+) lines by hand\.\s+`citylake new` wrote (\d+) lines", page
    )
    new_lines = sum(int(count) for count in re.findall(r"^ *(\d+) lines  ", page, flags=re.M))
    assert [int(number) for number in stated.groups()] == [reader.commands, reader.changed_lines, new_lines]
    assert "Central has the most visits: 3,574." in (reader.project.folder / "site/library_visits.html").read_text()
    checks = (["check"], ["format", "--check"])
    code = [path for path in written if path.endswith(".py")]
    for check in checks:
        result = reader.project.python("-m", "ruff", *check, *code)
        assert result.returncode == 0, result.stdout

    reader.read(removal)
    assert not [path for path in reader.project.files("library_visits") if not path.startswith(("warehouse", "site"))]
