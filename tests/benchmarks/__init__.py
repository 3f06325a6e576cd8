"""What things cost: `make bench` measures each, also as a ratio to something run beside it."""
