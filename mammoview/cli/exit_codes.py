"""What the process answers to a script."""

from __future__ import annotations

from enum import IntEnum

from mammoview.errors import MammoviewError, MissingPartError, UsageError


class ExitCode(IntEnum):
    """Exit codes; 0 to 4 are the contract, the others follow sysexits and the shell."""

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
