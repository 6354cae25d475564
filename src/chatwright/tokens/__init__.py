"""From text to ids: the tokenizer, the chat template with its loss mask, packing, batches."""
