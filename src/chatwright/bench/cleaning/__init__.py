"""Does cleaning help? Models that read the same text raw, cleaned and deduplicated, and shares of it."""
