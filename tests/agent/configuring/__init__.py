"""Tests of agent/configuring."""
