"""A stand-in for `az`: the commands that the operator's programs use, on a state in a JSON file.

It is strict: a command or option that it doesn't know fails, as with the real one. What it knows is
compared with the real one in test_real_az.py.
"""
