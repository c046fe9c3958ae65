"""Benchmarks that compare CityLake with other tools that do the same work."""
