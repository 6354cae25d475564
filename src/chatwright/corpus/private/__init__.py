"""Personal data and secrets in texts: found by their shape, replaced by placeholders."""
