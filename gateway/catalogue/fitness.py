"""What the types of an entry do not tell: ids, dates, amounts and addresses by their form. Pure.

`entry` asks here; nobody else needs to.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # pragma: no cover - entry imports this module
    from gateway.catalogue.entry import Artifact, Entry, Named, Price

_MAX_ID = 200  # characters
_ID: Final = re.compile(r"[A-Za-z0-9_@~][A-Za-z0-9._:@+~-]*(?:/[A-Za-z0-9_@~][A-Za-z0-9._:@+~-]*)*")
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z"
_WHEN: Final = re.compile(rf"{_DATE}(?:T{_TIME})?")
_AMOUNT: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,12})?")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SAFE = r"[^\s?#\\\x00-\x1f\x7f]"
_ORIGIN = r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_ADDRESS: Final = re.compile(rf"{_ORIGIN}(?:/{_SAFE}*)?|/(?:(?!/){_SAFE}+)?")
_FILE: Final = re.compile(rf"{_ORIGIN}/[^\s#\\\x00-\x1f\x7f]+")
_DOTS: Final = re.compile(r"(?:^|/)(?:\.|%2[eE]){1,2}(?:/|$)")
_PINNED: Final = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?![0-9A-Fa-f])")
_STEERS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_id(value: str) -> bool:
    """Return whether this may be an entry's id: what has another one is no part of the list, nor of its hash.

    >>> is_id("acme/coder-7b"), is_id("acme//x"), is_id("../x")
    (True, False, False)
    """
    return len(value) <= _MAX_ID and _ID.fullmatch(value) is not None


def unfit(entry: "Entry") -> Iterator[str]:
    """Yield what is wrong with an entry whose types are right."""
    for id_ in (entry.base_model, entry.successor, *entry.aliases):
        if id_ is not None and not is_id(id_):
            yield f"{id_!r:.100} is no id"
    for when in (entry.deprecated_at, entry.sunset_at, entry.updated_at):
        if when is not None and not _is_when(when):
            yield f"{when!r} is no date as 2026-11-18 or 2026-11-18T00:00:00Z"
    url = None if entry.endpoint is None else entry.endpoint.base_url
    if url is not None and (reason := _unfit_address(url)):
        yield f"endpoint.base_url: {reason}"
    if entry.price is not None:
        yield from _unfit_price(entry.price)
    for number, one in enumerate(entry.artifacts):
        yield from (f"artifacts.{number}.{reason}" for reason in _unfit_file(one))


def fits(named: "Named", price: "Price | None", artifacts: "Sequence[Artifact]") -> bool:
    """Return whether `unfit` has nothing to say but perhaps of the address: the same rules, in a third of the time."""
    for id_ in (named.base_model, named.successor):
        if id_ is not None and not _is_other_id(id_):
            return False
    for id_ in named.aliases:
        if not is_id(id_):
            return False
    if not _are_when(named.deprecated_at, named.sunset_at, named.updated_at):
        return False
    return (price is None or _fits_price(price)) and (not artifacts or all(map(_fits_file, artifacts)))


def is_address(url: str) -> bool:
    """Return whether a model may be served there."""
    return _unfit_address(url) is None


def steering(value: Any, form: bytes) -> str | None:
    """Return that a text somewhere in the value could steer a terminal, None for all others.

    `form` is its canonical form, which tells of nearly every entry at once that nothing is to be looked for.
    """
    if form.isascii() and b"\\" not in form and b"\x7f" not in form:
        return None
    texts = [value]
    while texts:
        one = texts.pop()
        if isinstance(one, str):
            if not one.isprintable() and _STEERS.search(one):
                return f"{ascii(one)[:60]}: there are control characters in it"
        elif isinstance(one, dict):
            texts.extend((*one, *one.values()))
        elif isinstance(one, list):
            texts.extend(one)
    return None


def _unfit_price(price: "Price") -> Iterator[str]:
    if not _is_currency(price.currency):
        yield f"price.currency: {price.currency!r} is no currency as USD"
    for amount in (price.into, price.out, price.cache_read, price.cache_write):
        if amount is not None and not _is_amount(amount):
            yield f'price: {amount!r} is no amount as "0.25"'
    if price.as_of is not None and not _is_when(price.as_of):
        yield f"price.as_of: {price.as_of!r} is no date as 2026-11-18"


def _unfit_file(one: "Artifact") -> Iterator[str]:
    if not _SHA256.fullmatch(one.sha256):
        yield f"sha256: {one.sha256!r} is none"
    for name, url in (("url", one.url), *(("mirrors", mirror) for mirror in one.mirrors)):
        if not _FILE.fullmatch(url):
            yield f"{name}: {url!r:.100} is no http(s) URL of a file"
    if not _PINNED.search(one.url):
        yield "url: it names neither a commit nor the content's hash, so the file may change (CAT-23)"
    if one.chunks_target is not None and not _ID.fullmatch(one.chunks_target):
        yield f"chunks_target: {one.chunks_target!r:.100} is no path of a target"


def _fits_price(price: "Price") -> bool:
    for amount in (price.into, price.out, price.cache_read, price.cache_write):
        if amount is not None and not _is_amount(amount):
            return False
    return _is_currency(price.currency) and (price.as_of is None or _is_when(price.as_of))


def _fits_file(one: "Artifact") -> bool:
    url = one.url
    if not (_SHA256.fullmatch(one.sha256) and _FILE.fullmatch(url) and _PINNED.search(url)):
        return False
    return not (one.mirrors or one.chunks_target) or next(_unfit_file(one), None) is None


# Of 100,000 entries most have the dates, amounts and addresses of others: to look these up is a third of the time.
@functools.lru_cache(maxsize=1024)
def _is_when(text: str) -> bool:
    return _WHEN.fullmatch(text) is not None


@functools.lru_cache(maxsize=1024)
def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None


@functools.lru_cache(maxsize=4096)
def _are_when(*texts: str | None) -> bool:
    return all(text is None or _is_when(text) for text in texts)


@functools.lru_cache(maxsize=64)
def _is_currency(text: str) -> bool:
    return _CURRENCY.fullmatch(text) is not None


@functools.lru_cache(maxsize=1024)
def _unfit_address(url: str) -> str | None:
    if not _ADDRESS.fullmatch(url):
        return f"{url!r:.100} is neither an http(s) URL nor a path that begins with one slash"
    return "it goes up with a dot segment" if _DOTS.search(url) else None


_is_other_id = functools.lru_cache(maxsize=1024)(is_id)
