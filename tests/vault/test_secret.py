"""A Secret never shows itself."""

import copy
import json
import logging
import pickle

import pytest
from pydantic import BaseModel

from gateway.vault.secret import Secret

CANARY = "sk-canary-0123456789abcdef"


class Holder(BaseModel):
    """A model with a secret inside."""

    credential: Secret


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format, "%s".__mod__, "{:>10}".format])
def test_every_way_of_printing_gives_stars(show: object) -> None:
    """SEC-5: repr, str and format are ***."""
    assert callable(show)
    shown = show(Secret(CANARY))
    assert "***" in shown
    assert "canary" not in shown


def test_a_model_that_holds_one_is_written_with_stars() -> None:
    """SEC-5: JSON is ***, from a text and from a Secret."""
    for holder in (Holder(credential=Secret(CANARY)), Holder.model_validate_json(json.dumps({"credential": CANARY}))):
        assert holder.credential.reveal() == CANARY
        assert json.loads(holder.model_dump_json()) == {"credential": "***"}
        assert "canary" not in f"{holder!r}{holder.model_dump()}"


def test_its_schema_is_a_text_without_example() -> None:
    """SEC-5: the OpenAPI document shows a string and nothing else."""
    schema = Holder.model_json_schema()["properties"]["credential"]
    assert schema["type"] == "string"
    assert not schema.keys() & {"default", "examples"}


def test_it_cannot_be_taken_along_unseen() -> None:
    """A pickle or a plain json.dumps would write the value; both refuse."""
    for take in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash):
        with pytest.raises(TypeError):
            take(Secret(CANARY))


def test_logging_it_gives_stars(caplog: pytest.LogCaptureFixture) -> None:
    """SEC-5: a log record holds ***."""
    logging.getLogger("modelport.test").error("credential %s of %r", Secret(CANARY), [Secret(CANARY)])
    assert "canary" not in caplog.text


@pytest.mark.parametrize(("value", "hint"), [(CANARY, "…cdef"), ("short", "…"), ("", "…"), ("x" * 16, "…xxxx")])
def test_a_hint_shows_the_end_of_long_values_only(value: str, hint: str) -> None:
    """SEC-4: four characters of sixteen or more, of a short value nothing."""
    assert Secret(value).hint == hint


def test_two_secrets_are_compared_by_value() -> None:
    """Equal values are equal; a secret never equals its text."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
