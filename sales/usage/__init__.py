"""What language models cost: reserved before a call, settled after it, held below caps."""
