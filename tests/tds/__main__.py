"""`python -m tests.tds`: the stand-in as a separate process, for measuring a reader's memory.

It serves a table of products (`ProductID`, `ProductName`, `SellPrice`) until standard input ends.
"""

import argparse
import sys
from collections.abc import Iterator
from decimal import Decimal

from tests.tds.database import Row, Table
from tests.tds.server import PASSWORD, USER, SqlServerStandIn

SHOP_COLUMNS = {
    "ProductID": "varchar(25)",
    "ProductName": "varchar(75)",
    "SellPrice": "numeric(18,2)",
}


def products(number: int) -> Iterator[Row]:
    """Yield that many products, in the order of their ids."""
    for row in range(number):
        yield f"P{row:07d}", f"Café Nº {row}", Decimal(row % 100_000).scaleb(-2)


def main() -> None:
    """Serve as the arguments say; once ready, print `ready` and the connection string's parts."""
    parser = argparse.ArgumentParser(prog="python -m tests.tds", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="products in the table")
    parser.add_argument("--table", default="Products")
    parser.add_argument("--database", default="Shop")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    arguments = parser.parse_args()
    table = Table(arguments.table, SHOP_COLUMNS, products(arguments.rows))
    with SqlServerStandIn([table], database=arguments.database, port=arguments.port) as server:
        print(f"ready server={server.server} user={USER} password={PASSWORD}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
