"""The blobs, which are Azurite's."""

import site
import sys
from pathlib import Path
from typing import Any

from tests.infra.operator.az_stand_in.command import (
    FLAG,
    ONE,
    ROOT,
    Answer,
    Command,
    Options,
    RefusedError,
    State,
    wrong,
)


def _container(state: State, options: Options) -> Any:
    if options["--auth-mode"] != ["login"]:
        wrong("blobs are only reached with the operator's own sign-in")
    if not state["blob_connection"]:
        raise RefusedError(
            "\nYou do not have the required permissions needed to perform this operation."
        )
    # Only here: it takes longer than all the rest.
    sys.path.insert(0, str(ROOT / "tests" / "loopback"))
    site.main()
    from azure.storage.blob import ContainerClient  # noqa: PLC0415

    container = options["--container-name"][0]
    return ContainerClient.from_connection_string(state["blob_connection"], container)


def _blob_upload(state: State, options: Options) -> Answer:
    with _container(state, options) as container:
        blob = container.get_blob_client(options["--name"][0])
        made = blob.upload_blob(Path(options["--file"][0]).read_bytes(), overwrite=False)
    return {"etag": made["etag"]}


def _blob_download(state: State, options: Options) -> Answer:
    with _container(state, options) as container:
        blob = container.get_blob_client(options["--name"][0])
        if not blob.exists():
            raise RefusedError("The specified blob does not exist.\nErrorCode:BlobNotFound")
        content = blob.download_blob().readall()
    Path(options["--file"][0]).write_bytes(content)
    return {"name": options["--name"][0]}


def _blob_list(state: State, options: Options) -> Answer:
    with _container(state, options) as container:
        return [
            {"name": blob.name, "properties": {"lastModified": blob.last_modified.isoformat()}}
            for blob in container.list_blobs(name_starts_with=options["--prefix"][0])
        ]


_BLOB = {"--account-name": ONE, "--auth-mode": ONE, "--container-name": ONE}
_BLOB_FILE = {**_BLOB, "--name": ONE, "--file": ONE, "--no-progress": FLAG}
COMMANDS = {
    "storage blob download": Command(_blob_download, _BLOB_FILE),
    "storage blob list": Command(_blob_list, {**_BLOB, "--prefix": ONE, "--num-results": ONE}),
    "storage blob upload": Command(_blob_upload, {**_BLOB_FILE, "--overwrite": FLAG}),
}
