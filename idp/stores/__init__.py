"""Truth in SQL behind small ports, one a noun; address buckets in memory or on Redis."""
