"""The errors of the program: a class for each exit code."""

from __future__ import annotations

from typing import Any

from deployfile.report import Error


class DeployfileError(Exception):
    """The program failed; also one of the exit code 1, for which there is no other class.

    Attributes
    ----------
    error : deployfile.report.Error
        What went wrong: kind, message, hint, file, line, column and the line's text.
    result : object
        What the command printed all the same, such as the outcomes at several targets.
    """

    def __init__(self, error: Error, result: Any = None) -> None:
        super().__init__(describe(error))
        self.error = error
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it come from another process as it is."""
        return type(self), (self.error, self.result)


class UsageError(DeployfileError):
    """Exit code 2: a wrong argument."""


class LockError(DeployfileError):
    """Exit code 3: the lock is missing or out of date."""


class InputError(DeployfileError):
    """Exit code 4: the Deployfile, the model or a requirements file is wrong."""


class BuilderError(DeployfileError):
    """Exit code 5: there is no builder, or it went away."""


class DifferentError(DeployfileError):
    """Exit code 6: a target differs from what would be deployed."""


class ConflictError(DeployfileError):
    """Exit code 7: something else manages what would be overwritten."""


class BusyError(DeployfileError):
    """Exit code 8: another rollout of the endpoint is in progress."""


class NotReadyError(DeployfileError):
    """Exit code 9: the release did not become ready, and nothing was restored."""


class RolledBackError(DeployfileError):
    """Exit code 10: the release did not become ready, and the previous one was restored."""


class CancelledError(DeployfileError):
    """Exit code 130: the program was interrupted; the target is as it was before."""


#: The class of each exit code.
BY_EXIT_CODE: dict[int, type[DeployfileError]] = {
    1: DeployfileError, 2: UsageError, 3: LockError, 4: InputError, 5: BuilderError, 6: DifferentError,
    7: ConflictError, 8: BusyError, 9: NotReadyError, 10: RolledBackError, 130: CancelledError,
}


def describe(error: Error) -> str:
    """Return an error as the program draws it, with the line that it is about.

    Examples
    --------
    >>> print(describe(Error(kind="input", exit_code=4, message="unknown key", severity="error",
    ...     file="Deployfile", line=5, column=1, text='pyhton = "3.11"', hint='did you mean "python"?')))
    Deployfile:5:1: unknown key
      pyhton = "3.11"
      ^
    did you mean "python"?
    """
    place = f"{error.file}:{error.line}:{error.column}: " if error.file else ""
    lines = [place + error.message]
    if error.text and error.column:
        lines += ["  " + error.text, "  " + " " * (error.column - 1) + "^"]
    if error.hint:
        lines.append(error.hint)
    lines += [f"{o.file}:{o.line}:{o.column}: {o.message}" if o.file else o.message for o in error.others or []]
    return "\n".join(lines)


def error_of(code: int, error: Error, result: Any = None) -> DeployfileError:
    """Return the exception of an exit code."""
    return BY_EXIT_CODE.get(code, DeployfileError)(error, result)
