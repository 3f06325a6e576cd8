"""Tests, and the stand-ins they share."""
