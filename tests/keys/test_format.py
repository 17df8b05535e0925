"""The text of a key: fixed lengths, a checksum, 256 random bits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys.format import KEY_ID, SECRET, Environment, is_ours, is_whole, mint, prefix


@pytest.mark.parametrize("env", ["live", "test"])
def test_a_key_has_the_documented_form(env: Environment) -> None:
    """KEY-1: mp_<env>_<key id 10>_<secret 43 url-safe>_<crc32 8 hex>."""
    minted = mint(env)
    text = minted.text.reveal()
    assert re.fullmatch(rf"mp_{env}_[a-z2-7]{{10}}_[A-Za-z0-9_-]{{43}}_[0-9a-f]{{8}}", text)
    assert (text[KEY_ID], text[SECRET]) == (minted.key_id, minted.secret.reveal())
    assert is_whole(text, prefix(env, minted.key_id))
    assert is_ours(text)


def test_underscores_in_the_secret_do_not_matter() -> None:
    """KEY-1: cut at fixed places, because `_` and `-` belong to the alphabet."""
    texts = [mint("live").text.reveal() for _ in range(200)]
    assert any("_" in text[SECRET] for text in texts)
    assert all(is_whole(text, text[:19]) for text in texts)


def test_two_keys_are_never_alike() -> None:
    """Key ids and secrets are random; a rotation keeps the key id alone."""
    first, second = mint("live"), mint("live")
    rotated = mint("live", first.key_id)
    assert len({first.key_id, second.key_id}) == 2
    assert rotated.key_id == first.key_id
    assert len({key.secret.reveal() for key in (first, second, rotated)}) == 3


@given(place=st.integers(0, 70), character=st.characters())
def test_the_checksum_finds_every_typing_error(place: int, character: str) -> None:
    """KEY-1: one wrong character is found without a database."""
    text = mint("live").text.reveal()
    wrong = text[:place] + character + text[place + 1 :]
    assert is_whole(wrong, text[:19]) == (wrong == text)


@given(st.text(max_size=100))
def test_any_text_can_be_judged(text: str) -> None:
    """Whatever comes, nothing is raised."""
    assert not is_whole(text, "mp_live_abcdefghij_")


@pytest.mark.parametrize("change", ["{}\n", " {}", "{}x", "{}{}"])
def test_nothing_may_stand_around_a_key(change: str) -> None:
    """Exactly 71 characters."""
    text = mint("live").text.reveal()
    assert len(text) == 71
    assert not is_whole(change.format(text, text), text[:19])


def test_nothing_shows_the_secret_by_accident() -> None:
    """SEC-5: the object may be logged."""
    minted = mint("live")
    assert minted.secret.reveal() not in f"{minted!r}"
