"""Tests of what the store PC and the cloud agree on."""
