"""Addresses of a storage account: which ones are accepted, and why others are refused."""

import pytest

from agent.storage.address import (
    AddressError,
    StorageAccount,
    parse_account_url,
    parse_connection_string,
)

ACCOUNT = "https://shop.blob.invalid"
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
        ("https://shop.invalid", StorageAccount("https://shop.invalid")),
        ("http://127.0.0.1:10000/shop", StorageAccount("http://127.0.0.1:10000/shop")),
        (
            f"http://127.0.0.1:10000/shop/catalogs?{CONTAINER_SAS}",
            StorageAccount("http://127.0.0.1:10000/shop", CONTAINER_SAS, "catalogs"),
        ),
        ("http://localhost:10000/shop", StorageAccount("http://localhost:10000/shop")),
    ],
)
def test_an_account_or_a_sas_for_it_is_accepted(text: str, account: StorageAccount) -> None:
    assert parse_account_url(text) == account


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shop", "not a web address"),
        ("https://", "not a web address"),
        ("https://shop:x", "not a web address"),
        ("https://shop .invalid", "not a web address"),
        ("ftp://shop.invalid", "not a web address"),
        ("http://shop.blob.invalid", "use https://"),
        ("https://shop.dfs.core.windows.net", "not the account's blob address"),
        ("https://me:pw@shop.blob.invalid", "user name"),
        (f"{ACCOUNT}/catalogs", f"give only the account, {ACCOUNT}"),
        (f"{ACCOUNT}?sv=2024-11-04", "without `sig`"),
        (f"{ACCOUNT}/catalogs/x.json?sr=b&sig=x", "a single blob"),
        (f"{ACCOUNT}/runs?{CONTAINER_SAS}", "another container than `catalogs`"),
        (f"{ACCOUNT}?{CONTAINER_SAS}", "another container than `catalogs`"),
    ],
)
def test_any_other_address_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_account_url(text)
    assert words in str(caught.value)
    assert "sig=" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (
            "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0==;EndpointSuffix=core.windows.net",
            ("c2VjcmV0==",),
        ),
        (
            "BlobEndpoint=https://shop.blob.invalid;SharedAccessSignature=sv=1&sig=a%2Bb",
            ("sv=1&sig=a%2Bb", "a+b"),
        ),
    ],
)
def test_a_connection_string_is_recognised_with_its_secrets(
    text: str, secrets: tuple[str, ...]
) -> None:
    connection = parse_connection_string(text)
    assert connection.connection_string == text
    assert connection.secrets == (text, *secrets)


KEY = "AccountName=shop;AccountKey=c2VjcmV0"


@pytest.mark.parametrize(
    "text",
    [
        f"{KEY};BlobEndpoint=http://127.0.0.1:10000/shop",
        f"{KEY};BlobEndpoint=http://localhost:10000/shop",
        f"DefaultEndpointsProtocol=http;{KEY};BlobEndpoint=http://[::1]:10000/shop;",
        f"DefaultEndpointsProtocol=http;{KEY};BlobEndpoint=https://shop.blob.invalid",
        "UseDevelopmentStorage=true",
        "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1",
    ],
)
def test_a_connection_string_without_encryption_may_lead_to_this_machine(text: str) -> None:
    assert parse_connection_string(text).connection_string == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{KEY};BlobEndpoint=http://shop.blob.invalid", "BlobEndpoint"),
        (f"{KEY}; blobendpoint=HTTP://192.168.0.7:10000/shop", "BlobEndpoint"),
        ("BlobEndpoint=http://x.invalid;SharedAccessSignature=sig=c2VjcmV0", "BlobEndpoint"),
        (
            f"{KEY};BlobEndpoint=https://x.invalid;BlobSecondaryEndpoint=http://x.invalid",
            "BlobSecondaryEndpoint",
        ),
        (f"DefaultEndpointsProtocol=http;{KEY}", "DefaultEndpointsProtocol"),
        (
            f"DefaultEndpointsProtocol=HTTP;{KEY};EndpointSuffix=core.invalid",
            "DefaultEndpointsProtocol",
        ),
        # Azure's library passes over a name with a space, and so takes the protocol.
        (
            f"DefaultEndpointsProtocol=http;{KEY};BlobEndpoint =https://x.invalid",
            "DefaultEndpointsProtocol",
        ),
        (
            "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://192.168.0.7",
            "DevelopmentStorageProxyUri",
        ),
    ],
)
def test_a_connection_string_without_encryption_to_another_machine_is_refused(
    text: str, name: str
) -> None:
    with pytest.raises(
        AddressError, match=rf"\({name}\) that begins with http://.*use https://"
    ) as caught:
        parse_connection_string(text)
    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["x", "Server=pc;Database=Shop", "AccountName=shop", "AccountKey=x"]
)
def test_any_other_text_is_not_a_connection_string(text: str) -> None:
    with pytest.raises(AddressError, match="AccountName"):
        parse_connection_string(text)
