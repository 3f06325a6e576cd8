"""The fault matrix: kill, cut and corrupt the real stack at every point, and count the cost."""
