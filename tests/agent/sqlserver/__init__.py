"""Tests of agent/sqlserver."""
