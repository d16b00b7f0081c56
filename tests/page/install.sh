#!/usr/bin/env bash
# Installs Debian's Chromium for the tests of the page where there is none, after asking; CI=true answers yes.
# Who declines goes on without it: the tests of the page are then skipped.
set -euo pipefail

if command -v chromium-headless-shell chromium google-chrome >/dev/null; then
    exit 0
fi

give_up() {
    echo "$1 The tests of the page are skipped." >&2
    [ "${CI:-}" != true ]
    exit
}

command -v apt-get >/dev/null || give_up "There is no Chromium, and no apt-get to install it with."
[ "$(id -u)" -eq 0 ] || give_up "There is no Chromium, and only root can install it: sudo tests/page/install.sh."
if [ "${CI:-}" != true ]; then
    read -r -p "The tests of the page need Chromium. Install Debian's (some 200 MB)? [y/N] " answer || answer=n
    [ "$answer" = y ] || give_up "Chromium was not installed."
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends --no-remove chromium-headless-shell
