"""How each format becomes blocks. Pure: text in, blocks out."""
