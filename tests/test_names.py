"""What may be the name of a parametrised test."""

import gzip
import io
import time
import zipfile

import pytest

from tests.names import ROOT, check, name_of


def _zipped() -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a", "a")
        return file.getvalue()


@pytest.mark.parametrize("make", [lambda: gzip.compress(b"a"), _zipped, lambda: b"a" * 65])
def test_a_file_is_named_by_its_argument(make: object) -> None:
    """It may hold the second of its making."""
    assert callable(make)
    assert name_of(make(), "body") == "body"


@pytest.mark.parametrize("value", [b"short", "text", 5, None])
def test_all_else_is_named_as_pytest_does(value: object) -> None:
    """Names that people read."""
    assert name_of(value, "body") is None


def test_a_name_says_neither_where_nor_when() -> None:
    """The folder, an address in memory, the hour; other numbers are the cases themselves."""
    now = 1_700_000_000.5
    odd = [f"t[{ROOT}/x]", "t[<A at 0x7f0011223344>]", "t[1700000007]", "t[until 1699999999.5]"]
    fine = ["t[/tmp/x]", "t[0x1f]", "t[1600000000]", "t[17000000071]", "t[2023-11-14]"]
    assert check([*fine, *odd], now) == odd


def test_every_name_of_this_run_is_such(request: pytest.FixtureRequest) -> None:
    """Collection ends at once otherwise; that it looks is held here."""
    assert check((one.nodeid for one in request.session.items), time.time()) == []
