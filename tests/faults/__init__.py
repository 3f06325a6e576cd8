"""The fault matrix: kills, cuts and corrupts the real stack at every point, and counts what that cost."""
