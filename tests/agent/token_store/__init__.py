"""Tests of agent/token_store."""
