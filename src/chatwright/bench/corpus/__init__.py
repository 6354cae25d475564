"""The bench of a corpus: how well and how fast text is cleaned, judged, deduplicated and packed, and at what cost."""
