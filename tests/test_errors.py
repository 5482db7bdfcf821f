import inspect
import re

import pytest

from marey import errors
from marey.errors import MareyError

ALL = [item for _, item in inspect.getmembers(errors, inspect.isclass) if issubclass(item, MareyError)]


def test_the_tree_drawn_in_the_docstring_is_the_tree():
    drawn: dict[str, tuple[str | None, str | None]] = {}
    parents: list[str] = []
    for line in errors.__doc__.splitlines():
        match = re.match(r"    ([│├└─ ]*)(\w+)(?: \((\w+)\))?", line)
        if match is None:
            continue
        depth = len(match[1]) // 4
        parents[depth:] = [match[2]]
        drawn[match[2]] = (parents[depth - 1] if depth else None, match[3])
    real = {}
    for item in ALL:
        marey_base = next((base.__name__ for base in item.__bases__ if issubclass(base, MareyError)), None)
        builtin = next(
            (base.__name__ for base in item.__bases__ if not issubclass(base, MareyError)),
            None,
        )
        real[item.__name__] = (marey_base, builtin)
    assert drawn == real


@pytest.mark.parametrize("kind", ALL)
def test_the_text_says_what_and_then_what_to_do(kind):
    error = kind("expected a number, got 'x'", hint="correct the cell")
    assert str(error) == "expected a number, got 'x'\nhint: correct the cell"
    assert (error.message, error.hint) == ("expected a number, got 'x'", "correct the cell")
    assert str(kind("nothing to be done")) == "nothing to be done"


def test_an_error_is_also_the_fitting_builtin():
    with pytest.raises(ValueError, match="bad"):
        raise errors.LabelsError("bad")
    with pytest.raises(FileNotFoundError, match="gone"):
        raise errors.NotFoundError("gone")
