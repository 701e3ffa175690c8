#!/usr/bin/env bash
# Run tests in the browser that there is, or say what is not checked without one.
# browser.sh PYTHON TESTS WHAT OPTION...: WHAT names in a phrase what the TESTS look at.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1 tests=$2 what=$3
shift 3

for name in "${BROWSER:-}" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then
    BROWSER=$(command -v "$name") exec "$python" -m pytest -q "$@" \
      -p no:nbval -p no:hypothesispytest "$tests"
  fi
done

message="NOT CHECKED: $what.
No browser was found. Install Chromium (Debian, Ubuntu: sudo apt install chromium), or name one:
make test BROWSER=/path/to/chrome"
if [ "${CI:-}" = true ]; then
  echo "$message" >&2
  exit 1
fi
mkdir -p _build
echo "$message" | tee -a _build/unchecked
