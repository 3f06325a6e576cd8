"""`python -m tests.infra.bicep`: writes the snapshots anew, after a change that is meant."""

import sys

from tests.infra.bicep.compiler import BICEP, parameter_files, renew


def main() -> int:
    """Write the snapshot of each parameter file and return the exit status."""
    if BICEP is None:
        sys.stderr.write("The Bicep CLI is needed, on the PATH or named by $BICEP.\n")
        return 1
    for parameters in parameter_files():
        renew(parameters)
    return 0


if __name__ == "__main__":
    sys.exit(main())
