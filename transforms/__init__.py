"""Pure transforms of DataFrames. Transforms need only pyspark. Only `transforms.datasets` has rules about a city."""
