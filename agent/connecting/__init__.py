"""What stands between this computer and the services it needs, in words for the owner."""
