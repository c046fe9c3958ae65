"""Display settings of the answers, and tables for terminals, JSON and CSV."""
