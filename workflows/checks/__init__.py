"""The checks of `citylake check`. They find mistakes in the files of a dataset, without data."""
