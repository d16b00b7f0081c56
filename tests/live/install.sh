#!/usr/bin/env bash
# Installs the Debian packages of packages.txt that are missing, after asking; CI=true answers yes.
# Quiet when all are there. Nothing that is installed is removed, and no service is started.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v dpkg-query >/dev/null; then
    echo "Here is no apt-get: install the servers that tests/live/packages.txt names in the way of your system." >&2
    exit 1
fi

# every installed package, and every name that one of them provides
present=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -n 's/^installed //p' | sed 's/([^)]*)//g; s/:any//g' | tr ',' '\n' | tr -d ' ' | sort --unique)

missing=()
while IFS= read -r line; do
    IFS='|' read -ra names <<<"${line//[[:space:]]/}"
    for name in "${names[@]}"; do
        grep --quiet --line-regexp --fixed-strings -- "$name" <<<"$present" && continue 2
    done
    missing+=("${names[0]}")
done < <(grep --invert-match '^#' packages.txt)

if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

echo "tests/live needs servers that are not installed here: ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
    echo "Only root can install them. Run: sudo tests/live/install.sh" >&2
    exit 1
fi
if [ "${CI:-}" != true ]; then
    read -r -p "Install them with apt-get, and what they depend on (some 300 packages)? [y/N] " answer || answer=n
    if [ "$answer" != y ]; then
        echo "Nothing was installed. Tests of servers that are missing are skipped; BAZKHORD_LIVE=1 lets them fail." >&2
        exit 1
    fi
fi

# Debian starts a service as soon as it is installed; the tests start servers of their own
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends --no-remove "${missing[@]}"
echo "Installed. Services among them start with the machine: to prevent it, run: systemctl disable dovecot"
