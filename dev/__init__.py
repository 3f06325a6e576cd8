"""The local stack, for development and tests only: storage, host and Digible stand-in."""
