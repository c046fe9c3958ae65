"""What CityLake costs, beside what else would do the same work."""
