#!/usr/bin/env bash
# Puts a Singer tap into an environment of its own, .live/taps: its pins are not ours. Quiet when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

VERSION=0.1.2
HOME_OF_IT=.live/taps

if "$HOME_OF_IT/bin/python" -c "import importlib.metadata as m, sys; sys.exit(m.version('tap-jsonfile') != '$VERSION')" 2>/dev/null; then
    exit 0
fi
echo "Installing tap-jsonfile $VERSION into $HOME_OF_IT (about a minute) ..."
mkdir -p .live
printf '*\n' > .live/.gitignore
"${PYTHON:-python3}" -m venv --clear "$HOME_OF_IT"
# the SDK changes what taps write; this is the one that the tests were written against
"$HOME_OF_IT/bin/pip" install --quiet --disable-pip-version-check "tap-jsonfile==$VERSION" "singer-sdk==0.54.9"
