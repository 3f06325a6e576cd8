"""Three runs of a store, and how a test saves one."""

from collections.abc import Callable

from contract.blobs import RunId
from contract.run import Run

OLDER = RunId("20261122T020000Z-1a2b3c4d.8DC11")
NEWER = RunId("20261123T020000Z-5e6f7a8b.8DC12")
BY_HAND = RunId("summer sale/products.8DC13")
Save = Callable[..., Run]
