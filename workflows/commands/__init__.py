"""The commands of `citylake`, one module for each panel of its help. Modules that import Spark are imported on use."""
