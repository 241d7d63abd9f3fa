"""The business: one folder per noun, every folder in the same shape."""
