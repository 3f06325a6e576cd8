"""`python -m dev.setup`: sets up, inside this folder, what the make targets need."""
