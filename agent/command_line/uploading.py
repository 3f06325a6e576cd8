"""From the table to the catalogue in the cloud, unless too much has changed since the last one."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import IO

from agent.command_line.differences import describe_changes, describe_counts, too_many
from agent.command_line.session import Session
from agent.comparing import changes_since, products_in
from agent.errors import AgentError
from agent.export import (
    CatalogStore,
    ProductSource,
    Progress,
    Upload,
    upload_catalog,
    write_products,
)
from agent.kept_catalogs import UnreadableError
from agent.saying import say
from agent.telemetry import Operation
from agent.temporary_file import temporary_file
from contract.blobs import StoreName, new_catalog_name
from contract.product import Product

_PRODUCTS_A_STEP = 500


@dataclass(frozen=True, slots=True)
class Uploading:
    """One upload, as far as the catalogue's arrival in the cloud."""

    store: StoreName
    source: ProductSource
    catalogs: CatalogStore
    session: Session
    operation: Operation
    progress: Progress
    limit: float
    """The share of the products of last time that may be gone or have another price; 1 for any."""

    is_logged: bool
    """Whether a log gets what is printed: no name and no price of a product may be in one."""

    def upload(self) -> Upload:
        """Upload the table's products, and keep them to compare the next upload with.

        Raises AgentError before anything is sent if too much has changed.
        """
        write = partial(
            write_products,
            self.source,
            progress=self.progress,
            packed=True,
            traceparent=self.operation.traceparent,
        )
        with ExitStack() as files:
            # The whole table is read before anything is sent: a slow line must not keep its rows locked.
            with self.operation.step("read products"):
                catalog, metadata = files.enter_context(temporary_file(write))
            size = catalog.tell()
            self._guard(catalog)
            catalog.seek(size)
            name = new_catalog_name(self.store, datetime.now(UTC), secrets.token_hex(4))
            with self.operation.step("upload blob"):
                upload = upload_catalog(self.catalogs, name, catalog, metadata, self.progress)
            self.session.has_begun(upload.run)
            self._keep(upload, catalog)
        self.operation.note("run", upload.run)
        self.operation.note("rows", metadata.rows or 0)
        return upload

    def _guard(self, catalog: IO[bytes]) -> None:
        """Raise AgentError if more has changed since the last catalogue than the limit allows."""
        if self.limit >= 1:
            return
        catalog.seek(0)
        try:
            delivered = self.session.kept.delivered()
            if delivered is None:
                return
            before, since = delivered
            with before:
                changes = changes_since(before, self._counted(products_in(catalog)))
        except UnreadableError as error:
            self.progress.say(cant_compare(error))
            return
        if problem := too_many(changes, self.limit):
            describe = describe_counts if self.is_logged else describe_changes
            say(describe(changes, since))
            raise AgentError(*problem)

    def _counted(self, products: Iterator[Product]) -> Iterator[Product]:
        self.progress.begin("Comparing with the last upload", "products", lambda: None)
        number = 0
        for number, product in enumerate(products, 1):
            if number % _PRODUCTS_A_STEP == 0:
                self.progress.reach(number)
            yield product
        self.progress.reach(number)
        self.progress.end()

    def _keep(self, upload: Upload, catalog: IO[bytes]) -> None:
        try:
            self.session.kept.keep(upload.run, catalog)
        except OSError as error:
            self.progress.say(
                f"This catalogue can't be kept on this computer ({error.strerror or error}), so the next "
                "upload is compared with an older one."
            )


def cant_compare(error: UnreadableError) -> str:
    """Say that there is no comparison this time."""
    return (
        f"The catalogue that was last uploaded can't be read back ({error}), so nobody can say what "
        "has changed since."
    )
