"""`python -m rnnbook.experiments [--fresh] [NAME ...]`: run what is missing of the long runs."""

import argparse
import time

from rnnbook import experiments


def main():
    parser = argparse.ArgumentParser(prog="python -m rnnbook.experiments", description=__doc__)
    known = ", ".join(experiments.names())
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {known}; all if none")
    parser.add_argument("--fresh", action="store_true", help="run everything again")
    parser.add_argument("--jobs", type=int, help="processes at a time; all cores if not given")
    options = parser.parse_args()
    for name in options.names or experiments.names():
        count = experiments.run_all(
            name, fresh=options.fresh, jobs=options.jobs, progress=Progress())
        print(f"{name}: {count} runs made" if count else f"{name}: nothing to do", flush=True)


class Progress:
    """Prints each line with the time so far and, by the mean of the runs made, the time left."""

    def __init__(self):
        self.start = time.monotonic()

    def __call__(self, line, made, missing):
        spent = time.monotonic() - self.start
        left = f", about {_clock(spent / made * (missing - made))} left" if made else ""
        counted = f"[{made}/{missing}, {_clock(spent)}{left}] " if made else ""
        print(f"{counted}{line}", flush=True)


def _clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


if __name__ == "__main__":
    main()
