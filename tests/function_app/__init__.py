"""Tests of the function: its decisions, its use case with fakes, its adapters with real servers."""
