"""Digible's API: what is sent to it, how long that may take, and what its responses mean."""
