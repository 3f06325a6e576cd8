"""Lets the operating system upload the products from time to time."""
