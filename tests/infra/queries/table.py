"""The table customEvents: its columns as Application Insights has them, and the events in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CUSTOM_EVENTS: Final[Mapping[str, str]] = {
    "timestamp": "datetime",
    "name": "string",
    "itemType": "string",
    "customDimensions": "dynamic",
    "customMeasurements": "dynamic",
    "operation_Name": "string",
    "operation_Id": "string",
    "operation_ParentId": "string",
    "operation_SyntheticSource": "string",
    "session_Id": "string",
    "user_Id": "string",
    "user_AuthenticatedId": "string",
    "user_AccountId": "string",
    "application_Version": "string",
    "client_Type": "string",
    "client_Model": "string",
    "client_OS": "string",
    "client_IP": "string",
    "client_City": "string",
    "client_StateOrProvince": "string",
    "client_CountryOrRegion": "string",
    "client_Browser": "string",
    "cloud_RoleName": "string",
    "cloud_RoleInstance": "string",
    "appId": "string",
    "appName": "string",
    "iKey": "string",
    "sdkVersion": "string",
    "itemId": "string",
    "itemCount": "int",
    "_ResourceId": "string",
}
"""Each column with its Kusto type."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an event may hold."""

    dimensions: frozenset[str] = frozenset()
    measurements: frozenset[str] = frozenset()


_RUN = frozenset({"store", "run", "state"})
_COUNTS = frozenset({"read", "accepted", "rejected", "not_sent", "batches", "duration_s"})
_OUTCOME = _COUNTS | {"since_upload_s"}

EVENTS: Final[Mapping[str, Shape]] = {
    "catalog.run.started": Shape(_RUN | {"catalog"}),
    "catalog.batch.acknowledged": Shape(_RUN, _COUNTS | {"batch", "products", "rejected_in_batch"}),
    "catalog.batch.refused": Shape(_RUN | {"error_kind", "http_status"}, _COUNTS | {"batch"}),
    "catalog.products.rejected": Shape(_RUN | {"stage", "reason"}, frozenset({"rejected"})),
    "catalog.token.read": Shape(_RUN | {"expires_at"}, frozenset({"days_left"})),
    "catalog.run.waiting": Shape(_RUN | {"error_kind", "retry_at"}, _OUTCOME),
    "catalog.run.finished": Shape(_RUN | {"error_kind"}, _OUTCOME),
    "catalog.sweep.found": Shape(measurements=frozenset({"catalogs"})),
    "catalog.sweep.took_up": Shape(measurements=frozenset({"runs"})),
    "catalog.store.silent": Shape(frozenset({"store", "last_success"})),
    "app.settings.wrong": Shape(frozenset({"problems"})),
}
"""Every event that the function sends."""
