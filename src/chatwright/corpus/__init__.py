"""Sources, cleaning, facts and chat examples: what the model reads, and why the rest was dropped."""
