"""Addresses of a storage account: which are understood, and what is said of the others."""

import pytest

from agent.storage.address import (
    AddressError,
    StorageAccount,
    parse_account_url,
    parse_connection_string,
)

ACCOUNT = "https://shop.blob.core.windows.net"
ACCOUNT_SAS = "sv=2024-11-04&ss=b&srt=o&sp=rcw&se=2030-01-01&sig=a%2Bb%3D"
CONTAINER_SAS = "sv=2024-11-04&sr=c&sp=cw&sig=a%2Bb%3D"


@pytest.mark.parametrize(
    ("text", "account"),
    [
        (ACCOUNT, StorageAccount(ACCOUNT)),
        (f"{ACCOUNT}/", StorageAccount(ACCOUNT)),
        (f"{ACCOUNT}/?{ACCOUNT_SAS}", StorageAccount(ACCOUNT, ACCOUNT_SAS)),
        (f"{ACCOUNT}/catalogs?{ACCOUNT_SAS}", StorageAccount(ACCOUNT, ACCOUNT_SAS)),
        (f"{ACCOUNT}/catalogs?{CONTAINER_SAS}", StorageAccount(ACCOUNT, CONTAINER_SAS, "catalogs")),
        ("https://shop.example", StorageAccount("https://shop.example")),
        ("http://127.0.0.1:10000/shop", StorageAccount("http://127.0.0.1:10000/shop")),
        (
            f"http://127.0.0.1:10000/shop/catalogs?{CONTAINER_SAS}",
            StorageAccount("http://127.0.0.1:10000/shop", CONTAINER_SAS, "catalogs"),
        ),
        ("http://localhost:10000/shop", StorageAccount("http://localhost:10000/shop")),
    ],
)
def test_an_account_or_a_sas_of_it_is_understood(text: str, account: StorageAccount) -> None:
    assert parse_account_url(text) == account


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shop", "no web address"),
        ("https://", "no web address"),
        ("https://shop:x", "no web address"),
        ("https://shop .net", "no web address"),
        ("ftp://shop.example", "no web address"),
        ("http://shop.blob.core.windows.net", "write https://"),
        ("https://shop.dfs.core.windows.net", "not the account's blob address"),
        ("https://me:pw@shop.blob.core.windows.net", "user name"),
        (f"{ACCOUNT}/catalogs", f"write the account alone, {ACCOUNT}"),
        (f"{ACCOUNT}?sv=2024-11-04", "without `sig`"),
        (f"{ACCOUNT}/catalogs/x.json?sr=b&sig=x", "a single blob"),
        (f"{ACCOUNT}/runs?{CONTAINER_SAS}", "not that of `catalogs`"),
        (f"{ACCOUNT}?{CONTAINER_SAS}", "not that of `catalogs`"),
    ],
)
def test_another_address_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_account_url(text)
    assert words in str(caught.value)
    assert "sig=" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0==;EndpointSuffix=core.windows.net",
        "BlobEndpoint=https://shop.blob.core.windows.net;SharedAccessSignature=sv=1&sig=x",
    ],
)
def test_a_connection_string_is_recognised(text: str) -> None:
    connection = parse_connection_string(text)
    assert connection.connection_string == text
    assert "sig=x" in connection.secrets[-2] or "c2VjcmV0==" in connection.secrets


@pytest.mark.parametrize(
    "text", ["x", "Server=pc;Database=Shop", "AccountName=shop", "AccountKey=x"]
)
def test_something_else_is_no_connection_string(text: str) -> None:
    with pytest.raises(AddressError, match="AccountName"):
        parse_connection_string(text)
