"""`python -m infra.store`: takes stores on, lists, checks and removes them."""
