"""Tests of the commands `status` and `resume`."""
