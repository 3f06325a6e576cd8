"""Tests of the whole way, from the shop's table to Digible."""
