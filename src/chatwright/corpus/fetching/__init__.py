"""What lies elsewhere, by its address: pages, feeds and data sets, fetched politely, once, and kept as files."""
