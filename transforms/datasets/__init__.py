"""Define the datasets. Each dataset has its own module.

A module composes the general transforms, and ends with a `Dataset` value named `DATASET`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from transforms.dataset import Dataset
from transforms.errors import DatasetNotFoundError


def dataset_names() -> list[str]:
    """Return the names of all datasets in alphabetical order. Each dataset has the name of its module.

    >>> "contact_centre" in dataset_names()
    True
    """
    return sorted(module.name for module in iter_modules(__path__))


def load_dataset(name: str) -> Dataset:
    """Return the `Dataset` with this name.

    >>> load_dataset("contact_centre").key
    ('date',)

    Raises:
        DatasetNotFoundError: No module has this name, or the module with this name has no `DATASET`.
    """
    known = dataset_names()
    if name not in known:
        raise DatasetNotFoundError(name=name, known=known)
    dataset = getattr(import_module(f"{__name__}.{name}"), "DATASET", None)
    if not isinstance(dataset, Dataset):
        raise DatasetNotFoundError(name=name, known=known)
    return dataset
