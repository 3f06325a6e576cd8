"""The local stack, for development and tests only: storage, function host and Digible stand-in."""
