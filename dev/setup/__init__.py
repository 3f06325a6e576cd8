"""Sets up, inside this folder, what the make targets need: `python -m dev.setup`."""
