"""What a text is like, in numbers, and which rules it breaks."""
