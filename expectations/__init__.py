"""Great Expectations suites, and the gate that validates rows against them in the pass that writes the rows."""
