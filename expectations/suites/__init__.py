"""The suites, one a dataset, in the JSON form of Great Expectations."""
