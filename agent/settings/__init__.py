"""The agent's settings: found, read, and parsed once."""
