"""Tests of the adapters for Azure Storage: they and the fakes keep the same contracts."""
