"""A standard input that is a pipe or a file."""

import io


def piped(content: str | bytes) -> io.TextIOWrapper:
    """Return a standard input with this content, which Python would decode as Windows does."""
    data = content.encode() if isinstance(content, str) else content
    return io.TextIOWrapper(io.BytesIO(data), encoding="cp1252")
