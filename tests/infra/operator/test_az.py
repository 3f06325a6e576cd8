"""What goes to `az` arrives as it is, and what it says becomes a sentence with what to do."""

import sys

import pytest

from infra.az import AzureCli, check_for_cmd, find_az
from infra.az_errors import explained
from infra.errors import AzError, AzProblem, OperatorError
from tests.infra.operator.cloud import SUBSCRIPTION, Cloud

# As the Azure CLI 2.91 and the services behind it say them.
NO_RIGHT = """\
ERROR: (AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform \
action 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/z'
"""
NO_BLOBS = """\
ERROR:
You do not have the required permissions needed to perform this operation.
Depending on your operation, you may need to be assigned one of the following roles:
"""
NO_SECRETS = """\
ERROR: (Forbidden) Caller is not authorized to perform action on resource.
Code: Forbidden
Inner error: { "code": "ForbiddenByRbac" }
"""
NO_HOST = """\
ERROR: Operation returned an invalid status 'Bad Request'
Encountered an error (ServiceUnavailable) from host runtime.
"""
SAID = [
    (AzProblem.SIGN_IN, "ERROR: Please run 'az login' to setup account."),
    (AzProblem.SIGN_IN, "ERROR: AADSTS700082: The refresh token has expired due to inactivity."),
    (AzProblem.DENIED, NO_RIGHT),
    (AzProblem.DIRECTORY, "ERROR: Insufficient privileges to complete the operation."),
    (AzProblem.DATA, NO_BLOBS),
    (AzProblem.DATA, NO_SECRETS),
    (
        AzProblem.FIREWALL,
        "ERROR: \nThe request may be blocked by network rules of storage account.",
    ),
    (
        AzProblem.FIREWALL,
        "ERROR: (Forbidden) Public network access is disabled and request is not …",
    ),
    (AzProblem.NOT_FOUND, "ERROR: (ResourceGroupNotFound) Resource group 'g' could not be found."),
    (AzProblem.NOT_FOUND, "ERROR: The specified blob does not exist.\nErrorCode:BlobNotFound"),
    (AzProblem.NOT_FOUND, "ERROR: (SecretNotFound) A secret with (name/id) x was not found"),
    (
        AzProblem.PRINCIPAL,
        "ERROR: (PrincipalNotFound) Principal abc does not exist in the directory.",
    ),
    (AzProblem.TAKEN, "ERROR: (RoleAssignmentExists) The role assignment already exists."),
    (
        AzProblem.LIMIT,
        "ERROR: (RoleAssignmentLimitExceeded) No more role assignments can be created.",
    ),
    (AzProblem.BUSY, "ERROR: (Conflict) Secret x is currently in a deleted but recoverable state"),
    (AzProblem.BUSY, NO_HOST),
    (AzProblem.UNREACHABLE, "ERROR: HTTPSConnectionPool(host='x', port=443): Max retries exceeded"),
    (AzProblem.OTHER, "ERROR: Something nobody has seen yet."),
]


@pytest.mark.parametrize(("problem", "said"), SAID, ids=lambda value: str(value)[:30])
def test_what_az_says_is_understood(problem: AzProblem, said: str) -> None:
    error = explained("az role assignment list", said)
    assert error.problem is problem
    assert "az role assignment list" in str(error) or problem is AzProblem.SIGN_IN
    assert "\n" not in str(error)


def test_every_problem_has_an_example() -> None:
    assert {problem for problem, _ in SAID} == set(AzProblem)


def test_a_missing_right_is_named() -> None:
    words = str(explained("az", NO_RIGHT))
    assert "Microsoft.Authorization/roleAssignments/write is missing" in words


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: GET https://func.invalid/runtime/webhooks/blobs?functionName=x&code=S3CRET failed",
        "ERROR: https://st.blob.invalid/c/b?sv=1&sig=S3CRET&se=2",
        "ERROR: AccountKey=S3CRET;x",
        "ERROR: password=S3CRET",
    ],
)
def test_a_secret_that_az_quotes_is_not_repeated(said: str) -> None:
    assert "S3CRET" not in str(explained("az x", said))


def test_control_characters_and_floods_are_not_repeated() -> None:
    said = str(explained("az x", "ERROR: red \x1b[31m " + "x" * 5_000))
    assert "\x1b" not in said
    assert len(said) < 400


def test_an_error_never_repeats_the_values_of_arguments(cloud: Cloud) -> None:
    az = AzureCli(find_az(), SUBSCRIPTION)
    with pytest.raises(AzError) as raised:
        az.resources("keyvault", "secret", "delete", "--vault-name", "kv", "--name", "VALUE-X")
    assert "`az keyvault secret delete` said" in str(raised.value)


@pytest.mark.parametrize("argument", ["a&calc", "a|b", "%PATH%", 'a"b', "a\nb", "a^b", "<x"])
def test_a_windows_command_file_gets_no_argument_that_cmd_would_change(argument: str) -> None:
    with pytest.raises(OperatorError, match="Windows can't pass"):
        check_for_cmd(r"C:\Program Files\CLI2\wbin\az.cmd", ("ad", argument))
    check_for_cmd("/usr/bin/az", ("ad", argument))


def test_what_the_programs_send_passes_through_a_windows_command_file(cloud: Cloud) -> None:
    cloud.machine("till", 1)
    for arguments in (
        ("add", "0001", "--arc", "till"),
        ("list",),
        ("check", "0001"),
        ("remove", "0001", "--yes"),
    ):
        cloud.store(*arguments)
    cloud.deployment()
    calls = cloud.state["calls"]
    assert len(calls) > 20
    for call in calls:
        check_for_cmd("az.cmd", tuple(call))


def test_an_answer_that_is_no_json_is_an_error(cloud: Cloud) -> None:
    with pytest.raises(AzError, match="something else than JSON"):
        AzureCli(sys.executable, SUBSCRIPTION).directory("-c", "print('no JSON')")


def test_a_program_that_cannot_be_started_is_named() -> None:
    with pytest.raises(OperatorError, match="can't be started"):
        AzureCli("/nowhere/az", SUBSCRIPTION).directory("account", "list")
