"""The Transformer: its configuration, its blocks, the decoder, the key-value cache, its file form."""
