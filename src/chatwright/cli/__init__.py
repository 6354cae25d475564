"""The door: commands and options, what they print, and how progress is shown."""
