"""What numpy does not bring: a module that is missing names the extra that has it."""

from contextlib import contextmanager

COMMAND = 'pip install "rnnbook[chapters]"'


@contextmanager
def needed_by(module: str):
    """For the imports of a module that need more than numpy.

    `module` is its `__name__`. Where one of the imports is not installed, the error is a sentence
    that names the extra and the command. An import of `rnnbook` itself that fails is left alone.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if not missing or missing == "rnnbook":
            raise
        raise ModuleNotFoundError(
            f"{module} needs {missing}, which is not installed; the extra `chapters` has it: "
            f"{COMMAND} (in a notebook: %{COMMAND})",
            name=error.name,
        ) from None
