"""For comparison only, the obvious way: the whole table in memory, then the whole catalogue."""

import gzip
import json
import os
import sys

import pyodbc  # type: ignore[import-not-found]  # mypy doesn't find its stubs


def main(connection_string: str, path: str) -> None:
    """Export the table into a file."""
    with pyodbc.connect(connection_string, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT ProductID, ProductName, SellPrice FROM Products ORDER BY ProductID"
        ).fetchall()
    names = ("ProductID", "ProductName", "SellPrice")
    products = [dict(zip(names, map(str, row), strict=True)) for row in rows]
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(products))


if __name__ == "__main__":
    main(os.environ["SHOP"], *sys.argv[1:])
