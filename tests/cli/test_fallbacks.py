"""Who takes over for a model, and what a key has left, on the command line."""

import json

from gateway.cli.client import Api
from tests.cli.program import Shell


def test_fallbacks_are_set_and_taken_away(admin: Shell) -> None:
    """Repeatable, in order, the whole list each time; the empty name is nobody."""
    assert admin.run("models", "add", "spare-1").code == 0
    assert admin.run("models", "add", "spare-2").code == 0
    made = admin.run("models", "add", "leaning", "--fallback", "spare-2", "--fallback", "spare-1", "-o", "json")
    assert (made.code, json.loads(made.out)["fallbacks"]) == (0, ["spare-2", "spare-1"]), made.err
    assert "calls go to spare-2" in made.err
    assert "spare-2, spare-1" in admin.run("models", "show", "leaning").out
    edited = admin.run("models", "edit", "leaning", "--fallback", "spare-1", "-o", "json")
    assert json.loads(edited.out)["fallbacks"] == ["spare-1"]
    renamed = admin.run("models", "edit", "leaning", "--rename", "leaning-2", "-o", "json")
    assert json.loads(renamed.out)["fallbacks"] == ["spare-1"]
    cleared = admin.run("models", "edit", "leaning-2", "--fallback", "", "-o", "json")
    assert json.loads(cleared.out)["fallbacks"] == []


def test_a_ring_is_refused_in_one_sentence(admin: Shell) -> None:
    """It names the way round."""
    assert admin.run("models", "add", "ring-1").code == 0
    assert admin.run("models", "add", "ring-2", "--fallback", "ring-1").code == 0
    refused = admin.run("models", "edit", "ring-1", "--fallback", "ring-2")
    assert refused.code != 0
    assert "'ring-1' would fall back to itself: 'ring-1', 'ring-2', 'ring-1'" in refused.err


def test_a_key_without_a_model_left_says_so(admin: Shell, api: Api) -> None:
    """Not "every": it can call nothing."""
    assert admin.run("models", "add", "last-of-its-key").code == 0
    api.post("/keys", {"name": "emptied", "models": ["last-of-its-key"]})
    shown = admin.run("keys", "show", "emptied").out
    assert "last-of-its-key" in shown
    gone = admin.run("models", "delete", "last-of-its-key", "--references", "cascade", "--yes")
    assert gone.code == 0, gone.err
    shown = admin.run("keys", "show", "emptied").out
    assert "none left" in shown
    assert json.loads(admin.run("keys", "show", "emptied", "-o", "json").out)["limited"] is True
