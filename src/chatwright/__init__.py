"""Chatwright trains a ChatGPT of your own, from raw text to a measured assistant."""
