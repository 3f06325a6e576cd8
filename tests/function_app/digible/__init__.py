"""Tests of what is sent to Digible and what its responses mean, over real sockets."""
