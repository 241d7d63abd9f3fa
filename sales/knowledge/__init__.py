"""What a website says: pages, passages, and how a question finds them."""
