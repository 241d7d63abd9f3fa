"""What became of leads that were handed over, and what brought the money (S0 3.4)."""
