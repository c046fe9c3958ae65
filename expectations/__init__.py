"""Great Expectations suites, and the gate. The gate validates rows with a suite while Spark writes the rows."""
