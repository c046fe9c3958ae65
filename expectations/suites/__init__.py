"""One suite per dataset, in the JSON form of Great Expectations."""
