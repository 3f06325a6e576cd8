#!/bin/sh
# azd runs this after each deployment, in the project's folder. Its failure is the deployment's.
set -eu
cd "$(dirname "$0")/../.."
exec "${PYTHON:-python3}" -m infra.deployment "$@"
