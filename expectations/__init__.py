"""Great Expectations suites, and the gate that judges them in the pass that writes."""
