"""Blobs of the installation's storage account, with the operator's own sign-in."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from contract.blobs import CATALOGS, RUNS, StoreName, parse_etag
from infra.az import AzureCli
from infra.errors import AzError, AzProblem


class Blobs(Protocol):
    """The blobs that the operator's commands use."""

    def upload_catalog(self, name: str, content: bytes) -> str:
        """Upload a new catalogue and return its ETag; raises OperatorError."""

    def run_record(self, name: str) -> bytes | None:
        """Return a run record, None if there is none; raises OperatorError."""

    def newest_run(self, store: StoreName) -> str | None:
        """Return the name of the run record that was changed last; raises OperatorError."""


@dataclass(frozen=True, slots=True)
class AzBlobs:
    """Blobs by way of `az storage blob`; implements Blobs."""

    az: AzureCli
    account: str

    def upload_catalog(self, name: str, content: bytes) -> str:
        """Upload a new catalogue and return its ETag; raises AzError."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "catalog"
            file.write_bytes(content)
            made = self.az.resources(
                *("storage", "blob", "upload", *self._in(CATALOGS), "--name", name),
                *("--file", str(file), "--overwrite", "false", "--no-progress"),
            )
        return parse_etag(str(made["etag"]))

    def run_record(self, name: str) -> bytes | None:
        """Return a run record, None if there is none; raises AzError."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "record"
            try:
                self.az.resources(
                    *("storage", "blob", "download", *self._in(RUNS), "--name", name),
                    *("--file", str(file), "--no-progress"),
                )
            except AzError as error:
                if error.problem is AzProblem.NOT_FOUND:
                    return None
                raise
            return file.read_bytes()

    def newest_run(self, store: StoreName) -> str | None:
        """Return the name of the run record that was changed last; raises AzError."""
        listed = self.az.resources(
            *("storage", "blob", "list", *self._in(RUNS), "--prefix", f"{store}/"),
            *("--num-results", "*"),
        )
        changed = {
            str(blob["name"]): datetime.fromisoformat(blob["properties"]["lastModified"])
            for blob in listed or []
        }
        return max(changed, key=changed.__getitem__, default=None)

    def _in(self, container: str) -> tuple[str, ...]:
        return (
            "--account-name",
            self.account,
            "--auth-mode",
            "login",
            "--container-name",
            container,
        )
