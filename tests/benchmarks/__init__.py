"""What things cost: `make bench` measures them, each as a ratio to something run beside it."""
