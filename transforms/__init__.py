"""Pure transforms: DataFrame in, DataFrame out. They need only pyspark, and they know no city."""
