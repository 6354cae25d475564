"""Readers that turn any file a person has into documents, one after the other, and never raise for its content."""
