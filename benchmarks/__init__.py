"""Benchmarks of CityLake beside other tools that do the same work."""
