"""Attacks on the agent, run with a model that obeys the attacker."""
