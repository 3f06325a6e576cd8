"""The local Functions host, for development and tests: triggers, retries, poison queues, timers."""
