"""Tests of agent/storage."""
