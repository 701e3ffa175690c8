#!/usr/bin/env bash
# Run the browser tests with the browser that there is, or say what is not checked without one.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$1

for name in "${BROWSER:-}" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then
    BROWSER=$(command -v "$name") exec "$python" -m pytest -q -n 2 --dist worksteal \
      -p no:nbval -p no:hypothesispytest tests/browser
  fi
done

message="NOT CHECKED: how the pages work in a browser (requests, console, accessibility, explorers).
No browser was found. Install Chromium (Debian, Ubuntu: sudo apt install chromium), or name one:
make test BROWSER=/path/to/chrome"
if [ "${CI:-}" = true ]; then
  echo "$message" >&2
  exit 1
fi
mkdir -p _build
echo "$message" | tee _build/unchecked
