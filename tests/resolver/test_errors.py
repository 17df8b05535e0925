"""What a refusal tells: value, rule, way out; and what it never tells."""

import json
import pickle
from pathlib import Path
from typing import get_args

import pytest

from resolver import ResolveError, resolve
from resolver.errors import REFUSALS, Code

SERVER = "https://corp.example"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "resolve.json").read_text(encoding="utf-8"))


def refusal(value: str, server: str = SERVER) -> ResolveError:
    """Return the error of a value that must be refused."""
    with pytest.raises(ResolveError) as refused:
        resolve(value, server=server)
    return refused.value


def test_every_code_of_the_vectors_has_its_rule_and_its_hint() -> None:
    """The table of refusals is complete and holds no code of its own."""
    assert set(REFUSALS) == set(VECTORS["codes"]) == set(get_args(Code))
    assert all(refused.rule in VECTORS["rules"] and refused.hint for refused in REFUSALS.values())


def test_a_refusal_names_value_rule_code_and_way_out() -> None:
    """Friendliness: what, why, and what to do."""
    error = refusal("gateway.example.com/v1")
    assert (error.code, error.rule, error.hint) == ("looks_like_host", "R5", "add https:// or a leading /")
    for part in ("'gateway.example.com/v1'", "R5", "looks_like_host", error.detail, error.hint):
        assert part in str(error)


def test_the_commonest_mistakes_share_one_hint() -> None:
    """localhost:8000/v1 and gw.example/v1 are the same slip, whichever rule sees it."""
    assert refusal("localhost:8000/v1").hint == refusal("gw.example/v1").hint


def test_a_bad_server_is_told_with_the_mistake_that_it_makes() -> None:
    """R1 has one code for many mistakes; the text says which."""
    error = refusal("/v1", server="https://corp.example:0/")
    assert error.code == "bad_base"
    assert "server URL 'https://corp.example:0/' refused by R1" in str(error)
    assert "port" in error.detail


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ("https://user:s3cret@gw.example/v1", SERVER),
        ("user:s3cret@gw.example/v1", SERVER),
        ("s3cret@gw.example/v1", SERVER),
        ("https:user:s3cret@gw.example", SERVER),
        ("https://gw.example/v1?api_key=s3cret&x=s3cret", SERVER),
        ("/v1?key=s3cret", SERVER),
        ("/v1", "https://user:s3cret@corp.example"),
        ("/v1", "https://corp.example/?token=s3cret"),
    ],
)
def test_a_refusal_never_shows_a_password_or_a_query_value(value: str, server: str) -> None:
    """SEC-5: the text goes to logs, the value may hold a credential."""
    error = refusal(value, server)
    assert "s3cret" not in str(error)
    assert "s3cret" not in error.value


@pytest.mark.parametrize("value", ["/v1/\u202egnp", "/v1\n/x", "/\x1b[31m", "/\ud800", "/a\u200f"])
def test_a_refusal_shows_hostile_characters_escaped(value: str) -> None:
    """A bidi override or an escape sequence must not work in the terminal that shows the refusal."""
    assert str(refusal(value)).isprintable()


def test_a_long_value_is_cut_in_the_text() -> None:
    """One line of a log, whatever was sent."""
    assert len(str(refusal("/" + "a" * 9000))) < 400


def test_a_refusal_is_a_value_error_and_survives_pickling() -> None:
    """It may cross a process pool."""
    error = refusal("//evil.test")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert isinstance(error, ValueError)
    assert (str(again), again.code, again.hint) == (str(error), error.code, error.hint)
