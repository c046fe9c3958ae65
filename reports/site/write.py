"""Write the files of a site to a folder. The folder has the old site or the new site, and never a mix."""

from __future__ import annotations

from pathlib import Path

from reports.site.pages import Site
from reports.target import TargetFolder

MANIFEST = "citylake-site.json"
"""The file that marks a folder as a site of CityLake. It lists the files of the site."""


def site_folder(path: str) -> TargetFolder:
    """Return the folder of a site as a target."""
    return TargetFolder(path, option="--to", manifest=MANIFEST)


def write_site(site: Site, folder: str) -> Path:
    """Write a site to a folder, and return the path of its index page. An old site in the folder is replaced.

    Raises:
        TargetError: The folder has other files, or cannot be written.
    """
    return site_folder(folder).write({**site.files, "index.html": site.index}) / "index.html"
