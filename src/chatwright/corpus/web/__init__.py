"""Web pages: their character set, what they say of themselves, and their main text."""
