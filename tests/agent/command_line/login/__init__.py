"""Tests of the command `login`."""
