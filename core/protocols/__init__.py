"""What we ask of the outside world, with the values that cross the line."""
