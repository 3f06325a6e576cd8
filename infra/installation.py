"""Which installation in Azure the commands are for: the names that `infra/main.bicep` gave it."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contract.blobs import CATALOGS, RUNS, StoreName
from infra.az import AzureCli
from infra.errors import OperatorError, UsageError

BICEP = Path(__file__).resolve().parent
"""The folder of the Bicep files."""

NEEDED = (
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_RESOURCE_GROUP",
    "AZURE_FUNCTION_APP_NAME",
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_BLOB_ENDPOINT",
    "AZURE_KEY_VAULT_NAME",
    "AZURE_KEY_VAULT_URL",
    "AZURE_EVENT_GRID_TOPIC_NAME",
    "AZURE_CATALOG_WRITER_ROLE_ID",
    "AZURE_RUN_READER_ROLE_ID",
    "AZURE_TOKEN_SETTER_ROLE_ID",
)
"""The values of azd's environment that the commands use."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation's names in Azure."""

    subscription: str
    resource_group: str
    function_app: str
    storage_account: str
    blob_endpoint: str
    vault: str
    vault_url: str
    topic: str
    catalog_writer_role: str
    run_reader_role: str
    token_setter_role: str

    @property
    def group_id(self) -> str:
        """The resource id of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    @property
    def catalogs_id(self) -> str:
        """The resource id of the container of catalogues."""
        return self._container_id(CATALOGS)

    @property
    def runs_id(self) -> str:
        """The resource id of the container of run records."""
        return self._container_id(RUNS)

    def token_id(self, store: str) -> str:
        """Return the resource id of a store's token, the secret in the vault."""
        vault = f"{self.group_id}/providers/Microsoft.KeyVault/vaults/{self.vault}"
        return f"{vault}/secrets/{token_name(store)}"

    def _container_id(self, container: str) -> str:
        account = f"Microsoft.Storage/storageAccounts/{self.storage_account}"
        return f"{self.group_id}/providers/{account}/blobServices/default/containers/{container}"


def token_name(store: StoreName | str) -> str:
    """Return the name of the secret that holds a store's token."""
    return f"digible-token-{store}"


def find_installation(environment: Mapping[str, str], azd_environment: str | None) -> Installation:
    """Return the installation that an azd environment describes; raises UsageError.

    azd gives its hooks all values as environment variables; a pipeline can do the same. Unless all
    are there, azd is asked for all of them: a mixture could be of two installations.
    """
    if azd_environment is None and all(environment.get(name) for name in NEEDED):
        return _installation(environment)
    values = _asked_azd(azd_environment)
    if missing := [name for name in NEEDED if not values.get(name)]:
        raise UsageError(
            f"azd's environment lacks {', '.join(missing)}. Run `azd provision` first, or "
            "`azd env refresh` if the installation was made on another computer."
        )
    return _installation(values)


def signed_in(program: str, installation: Installation) -> AzureCli:
    """Return `az`, signed in to the installation's subscription and tenant; raises OperatorError."""
    subscription = installation.subscription
    accounts = AzureCli(program, subscription).directory("account", "list")
    if not accounts:
        raise OperatorError("The Azure command line is not signed in. Run `az login`.")
    tenants = {str(one["id"]): str(one["tenantId"]) for one in accounts}
    if subscription not in tenants:
        raise OperatorError(
            f"The sign-in of `az` doesn't see the installation's subscription {subscription}. Run "
            "`az login` as somebody who does, or choose another azd environment by --environment."
        )
    if tenants[subscription] not in {one["tenantId"] for one in accounts if one.get("isDefault")}:
        # `az ad` always works in the tenant of the default subscription.
        raise OperatorError(
            "The default subscription of `az` is in another tenant than the installation. Run "
            f"`az account set --subscription {subscription}`, then try again."
        )
    return AzureCli(program, subscription, tenants[subscription])


def _asked_azd(azd_environment: str | None) -> dict[str, str]:
    azd = shutil.which("azd")
    if azd is None:
        raise UsageError(
            "Which installation is meant isn't known: `azd` is not on the PATH, and the environment "
            "lacks its values. Install it (https://aka.ms/azd), or set "
            f"{', '.join(NEEDED)}."
        )
    chosen = [] if azd_environment is None else ["--environment", azd_environment]
    ended = subprocess.run(  # noqa: S603  our own arguments, no shell
        [azd, "env", "get-values", "--output", "json", "--no-prompt", *chosen],
        cwd=BICEP.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    try:
        values = json.loads(ended.stdout) if ended.returncode == 0 else None
    except ValueError:
        values = None
    if not isinstance(values, dict):
        which = f"named {azd_environment} " if azd_environment else ""
        raise UsageError(
            f"azd knows no environment {which}here. `azd env list` shows them; `azd env select` "
            "chooses one, and so does --environment."
        )
    return {name: str(value) for name, value in values.items()}


def _installation(values: Mapping[str, str]) -> Installation:
    return Installation(*(values[name] for name in NEEDED))
