#!/usr/bin/env bash
# Make .venv and install the lock into it. Called by make with the Python to use.
set -euo pipefail
python=$1

stop() { printf '\n' >&2; printf '%s\n' "$@" >&2; exit 1; }

command -v "$python" >/dev/null || stop \
  "Python 3.11 or newer is needed, and '$python' was not found." \
  "Install it, or name it: make PYTHON=/path/to/python3.11 serve"

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop \
  "Python 3.11 or newer is needed; '$python' is $("$python" -V 2>&1)." \
  "Name a newer one: make PYTHON=/path/to/python3.11 serve"

"$python" -c 'import venv, ensurepip' 2>/dev/null || stop \
  "This Python cannot make environments: its venv module is not installed." \
  "On Debian and Ubuntu: sudo apt install python3-venv"

if ! .venv/bin/python -c '' 2>/dev/null; then
  echo "Making the environment in .venv ..."
  "$python" -m venv --clear .venv
fi

echo "Installing what requirements.txt names (the first time: 300 MB, a minute or two) ..."
pip=(.venv/bin/python -m pip --disable-pip-version-check --quiet)
"${pip[@]}" install --require-hashes -r requirements.txt || stop \
  "The packages could not be installed; pip's reason stands above." \
  "If it names a connection, check the network (or pip's proxy and index settings), and run" \
  "the same command again: what was fetched is kept."
"${pip[@]}" install --no-deps --no-build-isolation --editable .
