"""Tests of the command `configure`."""
