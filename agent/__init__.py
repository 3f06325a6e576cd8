"""The store PC's half: reads the shop's products, uploads them and follows their run."""

__version__ = "0.1.0"
"""The only place that says it: the package, the executable and `--version` have it from here."""
