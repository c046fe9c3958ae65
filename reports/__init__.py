"""Curated tables to what people look at."""
