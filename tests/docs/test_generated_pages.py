"""Test that the generated pages match the code. If a page is not up to date, run `make reference`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer

from docs.generate import cli, tables
from docs.generate.__main__ import WITHOUT_SPARK
from docs.generate.markdown import table

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def pages(spark):
    return tables.pages(spark)


@pytest.mark.parametrize("path", WITHOUT_SPARK)
def test_pages_generated_without_spark_are_up_to_date(path):
    assert (DOCS / path).read_text(encoding="utf-8") == WITHOUT_SPARK[path]()


def test_table_pages_are_up_to_date(pages):
    written = {str(path.relative_to(DOCS)) for path in (DOCS / "reference/tables").glob("*.md")}
    assert written == {path for path in pages if "/tables/" in path}
    for path, text in pages.items():
        assert (DOCS / path).read_text(encoding="utf-8") == text, path


def test_dataset_page_lists_columns_with_their_types(pages):
    trusted = pages["reference/tables/contact_centre.md"].split("## trusted")[1].split("## ")[0]
    assert "| `calls_unaccounted` | `bigint` |" in trusted
    assert "_mask_0" not in trusted


def test_command_page_lists_arguments_and_options():
    app = typer.Typer()

    @app.command()
    def run(
        dataset: Annotated[str | None, typer.Argument(metavar="DATASET", help="Name of the dataset.")] = None,
        data: Annotated[str | None, typer.Option(metavar="DIR", help="Read this folder.")] = None,
        secret: Annotated[str | None, typer.Option(hidden=True)] = None,
    ) -> None:
        """Run a workflow."""

    @app.command("list")
    def list_all() -> None:
        """Print the datasets."""

    page = cli.render(typer.main.get_command(app))
    assert "citylake run [DATASET] [OPTIONS]" in page
    assert "| `--data` | `DIR` | Read this folder. |" in page
    assert "secret" not in page
    assert "citylake list\n" in page


def test_vertical_bars_in_cells_are_escaped():
    assert table(["a"], [["x|y"]]).splitlines()[-1] == "| x\\|y |"
