"""MkDocs hooks that add pages without a file in `docs/` to the site."""

from __future__ import annotations

from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from mkdocs.structure.files import File, Files

import transforms

ROOT = Path(__file__).parents[1]
API = {
    "transforms": sorted(module.name for module in iter_modules(transforms.__path__) if not module.ispkg),
}
"""The modules with a page of the API reference, by package. Docstrings are the source of the pages."""


def on_config(config: Any) -> Any:
    """Add the API reference to the navigation."""
    reference = next(each["Reference"] for each in config.nav if "Reference" in each)
    reference.append({"API of transforms": [{name: f"reference/api/{name}.md"} for name in API["transforms"]]})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page for each module, and the pages in the root of the repository."""
    for package, names in API.items():
        for name in names:
            page = f"# {package}.{name}\n\n::: {package}.{name}\n"
            files.append(File.generated(config, f"reference/api/{name}.md", content=page))
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, name.lower(), content=text))
    return files
