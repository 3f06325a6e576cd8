"""Tests of agent/passwords."""
