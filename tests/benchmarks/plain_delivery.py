"""For comparison only, the obvious way: the whole blob in memory, then the whole catalogue."""

import gzip
import json
import os
import sys

import requests
from azure.storage.blob import BlobClient


def main(connection_string: str, name: str, url: str) -> None:
    """Send a catalogue's products to Digible."""
    blob = BlobClient.from_connection_string(connection_string, "catalogs", name)
    products = json.loads(gzip.decompress(blob.download_blob().readall()))
    session = requests.Session()
    for start in range(0, len(products), 200):
        batch = [
            {
                "productName": product["ProductName"],
                "productPrice": product["SellPrice"],
                "productId": product["ProductID"],
            }
            for product in products[start : start + 200]
            if "SellPrice" in product
        ]
        session.post(f"{url}/business/stores/product/sync", json=batch).raise_for_status()


if __name__ == "__main__":
    main(os.environ["CatalogStorage"], *sys.argv[1:])  # noqa: SIM112  the setting's name
