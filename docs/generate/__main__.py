"""Write the generated pages of the reference: `python -m docs.generate`, or `make reference`."""

from __future__ import annotations

from pathlib import Path

from docs.generate import arguments, cli, expectation_types, gallery, tables
from docs.generate.session import local_session

DOCS = Path(__file__).parents[1]


def main() -> None:
    """Write every page. Remove the table page of each dataset that no longer exists."""
    pages = {
        **{path: make() for path, make in WITHOUT_SPARK.items()},
        **tables.pages(local_session()),
    }
    for stale in (DOCS / "reference/tables").glob("*.md"):
        stale.unlink()
    for path, text in pages.items():
        (DOCS / path).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")


WITHOUT_SPARK = {
    "reference/gallery.md": gallery.page,
    "reference/expectation-types.md": expectation_types.page,
    "reference/job-arguments.md": arguments.page,
    "reference/cli.md": cli.page,
}
"""The pages that need no Spark session."""

if __name__ == "__main__":
    main()
