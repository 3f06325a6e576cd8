"""The function host's part of Azure, for development and tests: triggers, retries, poison queues, timers."""
