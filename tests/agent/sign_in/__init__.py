"""Tests of agent/sign_in."""
