"""The Spark session, the zones, Iceberg tables, write-audit-publish, and the run ledger."""
