#!/usr/bin/env bash
# Puts Matrix Synapse into an environment of its own, .live/synapse: its pins are not ours. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

VERSION=1.163.2
HOME_OF_IT=.live/synapse

if "$HOME_OF_IT/bin/python" -c "import importlib.metadata as m, sys; sys.exit(m.version('matrix-synapse') != '$VERSION')" 2>/dev/null; then
    exit 0
fi
echo "Installing Matrix Synapse $VERSION into $HOME_OF_IT (about a minute) ..."
mkdir -p .live
printf '*\n' > .live/.gitignore
"${PYTHON:-python3}" -m venv --clear "$HOME_OF_IT"
"$HOME_OF_IT/bin/pip" install --quiet --disable-pip-version-check "matrix-synapse==$VERSION"
