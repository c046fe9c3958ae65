"""The lake: the Spark session, the zones, Iceberg tables, write-audit-publish, the run ledger."""
