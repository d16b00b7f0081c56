#!/usr/bin/env bash
# Puts a server of S3's protocol and fsspec's client for it into an environment of its own, .live/s3. Quiet when there.
set -euo pipefail
cd "$(dirname "$0")/../.."

SERVER=5.2.5
CLIENT=2026.9.0 # of the same version as fsspec in constraints.txt
HOME_OF_IT=.live/s3

if "$HOME_OF_IT/bin/python" -c "import importlib.metadata as m, sys; sys.exit((m.version('moto'), m.version('s3fs')) != ('$SERVER', '$CLIENT'))" 2>/dev/null; then
    exit 0
fi
echo "Installing moto $SERVER and s3fs $CLIENT into $HOME_OF_IT (about a minute) ..."
mkdir -p .live
printf '*\n' > .live/.gitignore
"${PYTHON:-python3}" -m venv --clear "$HOME_OF_IT"
"$HOME_OF_IT/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$SERVER" "s3fs==$CLIENT"
