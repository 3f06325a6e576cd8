"""Tests of agent/command_line."""
