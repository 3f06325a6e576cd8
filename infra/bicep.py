"""Deploys one of the Bicep files that belong to a command, not to `azd provision`."""

from collections.abc import Mapping

from infra.az import AzureCli
from infra.installation import BICEP, Installation

_LONGEST_NAME = 64  # of a deployment


def deploy(
    az: AzureCli, at: Installation, file: str, name: str, parameters: Mapping[str, str]
) -> None:
    """Deploy a file of `infra/` to the installation's resource group; raises AzError.

    `name` is what Azure lists the deployment under. Two of one name must not run at once.
    """
    az.resources(
        *("deployment", "group", "create", "--resource-group", at.resource_group),
        *("--name", name[:_LONGEST_NAME], "--template-file", str(BICEP / file), "--no-prompt"),
        *("--parameters", *(f"{key}={value}" for key, value in parameters.items())),
    )
