"""One tree of errors.  Every one says what was met, what was expected and what to do."""

from __future__ import annotations

from enum import IntEnum
from functools import partial


class MammoviewError(Exception):
    """Root of every error that a user may see.

    Parameters
    ----------
    met : str
        What was found; never carries a patient's name or id.
    expected : str
        What would have been right.
    todo : str
        What the user can do about it.
    """

    def __init__(self, met: str, *, expected: str, todo: str) -> None:
        super().__init__(met, expected, todo)
        self.met = met
        self.expected = expected
        self.todo = todo

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is pickled with positional arguments alone: it must come back from a worker.
        made_again = partial(type(self), self.met, expected=self.expected, todo=self.todo)
        return made_again, (), self.__dict__

    def __str__(self) -> str:
        return f"{self.met}; expected {self.expected}; {self.todo}"


class DicomError(MammoviewError):
    """A file or data set that cannot be read or shown."""


class ModelError(MammoviewError):
    """A model bundle that must not be used."""


class InferenceError(MammoviewError):
    """A network that could not be run."""


class StoppedError(InferenceError):
    """A network that was told to stop: nobody waits for its answer any more."""


class ReviewError(MammoviewError):
    """An action that the state of a read forbids."""


class NotAllowedError(ReviewError):
    """What a read does not allow where it stands: trying again does not help."""


class SettingsError(MammoviewError):
    """A settings or resource file that cannot be understood."""


class WorklistError(MammoviewError):
    """A worklist that cannot be read or written."""


class DataError(MammoviewError):
    """Training data that cannot be used."""


class UsageError(MammoviewError):
    """A command used wrongly (exit code 2)."""


class MissingPartError(MammoviewError):
    """An optional part that is not installed (exit code 4)."""


class ExitCode(IntEnum):
    """What a process answers to a script.

    0 to 4 are the contract, the others follow sysexits and the shell.
    """

    DONE = 0
    ANSWER_IS_NO = 1
    USAGE = 2
    REFUSED = 3
    MISSING_PART = 4
    INTERNAL = 70
    INTERRUPTED = 130


def exit_code_of(error: MammoviewError) -> ExitCode:
    """Return the exit code of an error that reached the top."""
    if isinstance(error, UsageError):
        return ExitCode.USAGE
    if isinstance(error, MissingPartError):
        return ExitCode.MISSING_PART
    return ExitCode.REFUSED
