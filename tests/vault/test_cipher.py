"""A sealed secret opens in its own row, under its own key, unchanged, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import ConfigError
from gateway.vault.cipher import Place, Sealed, rewrap, seal, unseal
from gateway.vault.root_keys import RootKey
from gateway.vault.secret import Secret

PLACE = Place("endpoint", "ep_1", "credential", 1)
ROOT, OTHER = RootKey("aaaaaaaa", bytes(32)), RootKey("bbbbbbbb", bytes([1]) * 32)
CANARY = "sk-canary-0123456789abcdef"


def test_the_additional_data_names_the_row() -> None:
    """SEC-1: endpoint:<id>:<field>:v<n>."""
    assert PLACE.bound() == b"endpoint:ep_1:credential:v1"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_what_was_sealed_opens(value: str) -> None:
    """Any text comes back."""
    assert unseal(seal(Secret(value), PLACE, ROOT), PLACE, ROOT).reveal() == value


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, owner_id="ep_2"),
        replace(PLACE, version=2),
        replace(PLACE, field="header"),
        replace(PLACE, owner_kind="gateway"),
    ],
)
def test_a_moved_row_does_not_open(elsewhere: Place) -> None:
    """SEC-1: a ciphertext that was moved to another row fails."""
    with pytest.raises(ConfigError, match="does not open"):
        unseal(seal(Secret(CANARY), PLACE, ROOT), elsewhere, ROOT)


@pytest.mark.parametrize("part", ["wrapped_key", "nonce", "ciphertext"])
def test_a_changed_byte_does_not_open(part: str) -> None:
    """Every stored part is guarded, a cut one too."""
    sealed = seal(Secret(CANARY), PLACE, ROOT)
    value: bytes = getattr(sealed, part)
    for broken in (bytes([value[0] ^ 1]) + value[1:], value[:-1], b""):
        with pytest.raises(ConfigError, match="does not open"):
            unseal(_with(sealed, part, broken), PLACE, ROOT)


def test_another_root_key_does_not_open() -> None:
    """The database alone is worthless."""
    with pytest.raises(ConfigError, match="does not open"):
        unseal(seal(Secret(CANARY), PLACE, ROOT), PLACE, OTHER)


def test_rewrapping_leaves_the_ciphertext_alone() -> None:
    """SEC-2: a new root key means a new wrapping of 32 bytes and nothing else."""
    sealed = seal(Secret(CANARY), PLACE, ROOT)
    moved = rewrap(sealed, PLACE, ROOT, OTHER)
    assert (moved.kek_id, moved.ciphertext, moved.nonce) == (OTHER.id, sealed.ciphertext, sealed.nonce)
    assert unseal(moved, PLACE, OTHER).reveal() == CANARY


def test_nothing_of_it_shows_the_value() -> None:
    """SEC-5: equal values give different ciphertexts, and repr shows neither bytes nor keys."""
    first, second = seal(Secret(CANARY), PLACE, ROOT), seal(Secret(CANARY), PLACE, ROOT)
    assert first.ciphertext != second.ciphertext
    assert repr(first) == "Sealed(kek_id='aaaaaaaa')"


def _with(sealed: Sealed, part: str, value: bytes) -> Sealed:
    parts = {name: getattr(sealed, name) for name in ("kek_id", "wrapped_key", "nonce", "ciphertext")}
    return Sealed(**{**parts, part: value})
