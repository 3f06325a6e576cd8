"""Checks everything that a nightly upload needs, and says about each thing what is wrong and what to do."""
