"""The stock shapes: how each architecture's configuration and weight names become ours, and back."""
