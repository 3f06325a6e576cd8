"""Tests of the adapters to Azure Storage: the fakes and the real ones keep the same contracts."""
