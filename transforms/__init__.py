"""Pure transforms: DataFrame in, DataFrame out. They need pyspark and nothing else, and know no city."""
