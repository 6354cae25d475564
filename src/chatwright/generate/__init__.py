"""Writing text: sampling, the batched engine with its cache, conversations."""
