"""Whole folders in and out: Hugging Face models by name or folder, exports, and the proof that both agree."""
