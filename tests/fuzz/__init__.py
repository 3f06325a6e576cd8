"""Feed nonsense to everything that reads outside data: `python -m tests.fuzz --seconds 600`."""
