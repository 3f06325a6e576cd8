"""Tests of the function: its decisions, its use case on fakes, its adapters on real servers."""
