"""Fuzz targets: each module here has `run() -> int`, which gives the number of inputs it tried, or raises."""
