"""Every error that Marey raises on purpose.

::

    MareyError (Exception)
    ├── InputError (ValueError)          a value, table or file content that is not what was expected
    │   ├── FormatError                  a file that is not in the format it was taken for
    │   ├── LabelsError                  labels that contradict the skeleton, the project or each other
    │   └── ConfigError                  a setting that is unknown, missing or out of range
    ├── NotFoundError (FileNotFoundError) a file, video, run or keypoint that does not exist
    ├── AlreadyExistsError (FileExistsError) an output that would be overwritten without being told
    ├── ConflictError (RuntimeError)     somebody else changed the same thing in the meantime
    ├── VersionError (RuntimeError)      a file written by a newer version of Marey
    ├── VideoError (OSError)             a video that cannot be opened, decoded or written
    ├── StorageError (OSError)           a disk that is full, read-only or gone
    ├── DownloadError (ConnectionError)  weights or data that could not be fetched
    ├── MissingExtraError (ImportError)  an optional dependency that is not installed
    └── Interrupted (RuntimeError)       a long job that was stopped, and can be resumed

The text of an error says what was expected, what came and where; ``hint`` says what to do.
"""


class MareyError(Exception):
    """Root of the tree: catch it to catch everything that Marey raises on purpose.

    Parameters
    ----------
    message
        What was expected, what came, in which file and field.
    hint
        What the user can do about it; shown on a line of its own.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class InputError(MareyError, ValueError):
    """A value, table or file content that is not what was expected."""


class FormatError(InputError):
    """A file that is not in the format it was taken for."""


class LabelsError(InputError):
    """Labels that contradict the skeleton, the project or each other."""


class ConfigError(InputError):
    """A setting that is unknown, missing or out of range."""


class NotFoundError(MareyError, FileNotFoundError):
    """A file, video, run or keypoint that does not exist."""


class AlreadyExistsError(MareyError, FileExistsError):
    """An output that would be overwritten without being told to."""


class ConflictError(MareyError, RuntimeError):
    """Somebody else changed the same thing in the meantime; nothing was written."""


class VersionError(MareyError, RuntimeError):
    """A file written by a newer version of Marey."""


class VideoError(MareyError, OSError):
    """A video that cannot be opened, decoded or written."""


class StorageError(MareyError, OSError):
    """A disk that is full, read-only or gone; the previous file is whole."""


class DownloadError(MareyError, ConnectionError):
    """Weights or data that could not be fetched."""


class MissingExtraError(MareyError, ImportError):
    """An optional dependency that is not installed."""


class Interrupted(MareyError, RuntimeError):  # noqa: N818 - it is a state, not a fault
    """A long job that was stopped before its end, and can be resumed."""
