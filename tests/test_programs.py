"""Programs that tests drive: a missing one is said in one sentence, and fails where everything must run."""

import sys
from pathlib import Path

import pytest

from tests.programs import find, require


def test_a_program_in_the_path_is_found() -> None:
    """Its whole path comes back."""
    assert require(Path(sys.executable).name).name == Path(sys.executable).name


@pytest.mark.parametrize(("ci", "kind"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_program_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, ci: str, kind: type[BaseException]
) -> None:
    """A developer's run skips the test, CI fails it: nothing is skipped there unseen."""
    monkeypatch.setenv("CI", ci)
    with pytest.raises(kind, match=r"^no-such-program is missing: apt-get install no-such-program$"):
        require("no-such-program")


def test_debian_hides_some_programs() -> None:
    """PostgreSQL's server programs are in nobody's PATH; of two versions the newest is taken."""
    assert find("no-such-program") is None
    initdb = find("initdb")
    assert initdb is None or initdb.parent.name == "bin"
