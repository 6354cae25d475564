"""A corpus out of what people have: files of many kinds, cleaned and judged, with a reason for everything that went."""
