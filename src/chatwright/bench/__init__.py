"""Benchmarks: commands that print a table of figures with their targets."""
