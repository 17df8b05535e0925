"""Which names exist in a registry, and which one somebody meant who wrote another.

Pure. Used by the registry for what is registered, and by the data plane for "did you mean".
"""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from itertools import islice

from gateway.errors import NotFound, Unprocessable

MAX_MODEL_NAME = 200  # characters: the longest in the wild (fine-tunes with path and step) have some 150
MAX_SLUG = 63  # characters: what a DNS label takes, so that a team or gateway can become a host name
UID_PREFIX = "mdl_"

DEFAULT_TEAM = "default"
"""The team that a new installation begins with."""
RESERVED_TEAMS = frozenset({"all", "api", "console", "me", "models", "new", "server", "v1"})
"""Words that a path or a filter may need where a team's name stands."""
RESERVED_GATEWAYS = frozenset({"all", "auto", "default", "gateway", "none", "null", "server"})
"""Words that mean something else where `via` takes a gateway's name."""

MAX_SUGGESTIONS = 3
MAX_READ = 5000  # names looked at, some 2 us each
MAX_COMPARED = 500  # names judged by likeness, some 30 us each: an unknown name must not cost a second of CPU
_CUTOFF = 0.6

_MODEL = re.compile(r"[A-Za-z0-9._@+:/-]+")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_SEPARATORS = str.maketrans("", "", "-_./:@+ ")


def check_model_name(name: str, *, param: str = "name") -> str:
    """Return the name of a model or alias unchanged.

    Letters, digits and `. - _ @ + : /` only: such a name stands in a path without escapes, and holds nothing that a
    key's model patterns would read as a wildcard.

    Raises:
        Unprocessable: the name is too long, holds another character, or an empty or dot segment between slashes.
    """
    if not 1 <= len(name) <= MAX_MODEL_NAME:
        raise _bad(name, f"it has {len(name)} characters; 1 to {MAX_MODEL_NAME} are allowed", param)
    if not _MODEL.fullmatch(name):
        raise _bad(name, "only letters, digits and . - _ @ + : / are allowed", param)
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise _bad(name, "a part between slashes is empty, '.' or '..', which clients would fold away", param)
    if name.startswith(UID_PREFIX):
        raise _bad(name, f"names that begin with {UID_PREFIX} are kept for ids", param)
    return name


def check_team_name(name: str) -> str:
    """Return the team's name unchanged; it stands in addresses.

    Raises:
        Unprocessable: no slug, or a reserved word.
    """
    return _check_slug(name, RESERVED_TEAMS)


def check_gateway_name(name: str) -> str:
    """Return the gateway's name unchanged.

    Raises:
        Unprocessable: no slug, or a reserved word.
    """
    return _check_slug(name, RESERVED_GATEWAYS)


def unnamed_team(known: Collection[str]) -> str:
    """Return the team of a caller who belongs to none and names none: `default`, or the only one.

    Raises:
        Unprocessable: nothing says which of several teams is meant.
    """
    if DEFAULT_TEAM in known:
        return DEFAULT_TEAM
    if len(known) == 1:
        return next(iter(known))
    raise Unprocessable(
        "which team?",
        code="team_required",
        param="team",
        hint="name it: `team` in the management API, /access/models/TEAM/ for calls",
    )


def nearest(name: str, names: Iterable[str]) -> list[str]:
    """Return up to three of `names` that the caller probably meant, the likeliest first.

    >>> nearest("qwen3", ["llama", "qwen-3", "Qwen/qwen3"])
    ['qwen-3', 'Qwen/qwen3']
    """
    folded = {candidate: _folded(candidate) for candidate in islice(names, MAX_READ)}
    wanted = _folded(name)
    same = sorted(candidate for candidate, text in folded.items() if text == wanted)
    ending = sorted(candidate for candidate in folded if _same_model(candidate, name))
    found = dict.fromkeys([*same, *ending])
    if len(found) < MAX_SUGGESTIONS and wanted:
        alike = (text for candidate, text in folded.items() if candidate not in found and _comparable(text, wanted))
        close = get_close_matches(wanted, list(islice(alike, MAX_COMPARED)), n=MAX_SUGGESTIONS, cutoff=_CUTOFF)
        for text in close:
            found.update((candidate, None) for candidate, other in folded.items() if other == text)
    return list(found)[:MAX_SUGGESTIONS]


def model_not_found(name: str, names: Iterable[str], *, team: str) -> NotFound:
    """Return the 404 for a model's name, with what the caller may have meant among `names` that it may see (UX-6)."""
    visible = list(names)
    suggestions = nearest(name, visible)
    shown = name if len(name) <= MAX_MODEL_NAME else f"{name[:40]}…"
    question = f"; did you mean {suggestions[0]!r}?" if suggestions else ""
    return NotFound(
        f"model {shown!r} not found in team {team!r}{question}",
        code="model_not_found",
        param="model",
        hint=f"{len(visible)} model{'' if len(visible) == 1 else 's'}: GET /v1/models",
        did_you_mean=suggestions,
    )


def _bad(name: str, reason: str, param: str) -> Unprocessable:
    shown = name if len(name) <= MAX_MODEL_NAME else f"{name[:40]}…"
    return Unprocessable(
        f"{shown!r} is no name: {reason}", code="invalid_name", param=param, hint="choose another name, like qwen3-8b"
    )


def _check_slug(name: str, reserved: frozenset[str]) -> str:
    if not 1 <= len(name) <= MAX_SLUG:
        raise _bad(name, f"it has {len(name)} characters; 1 to {MAX_SLUG} are allowed", "name")
    if not _SLUG.fullmatch(name):
        raise _bad(name, "only a-z, 0-9 and inner - are allowed", "name")
    if name in reserved:
        raise _bad(name, f"it is reserved, like {', '.join(sorted(reserved - {name}))}", "name")
    return name


def _folded(name: str) -> str:
    return name.lower().translate(_SEPARATORS)


def _same_model(candidate: str, name: str) -> bool:
    """Whether two names differ only by the publisher in front, as in Qwen/qwen3 and qwen3."""
    return ("/" in candidate or "/" in name) and _folded(candidate.rpartition("/")[2]) == _folded(
        name.rpartition("/")[2]
    )


def _comparable(text: str, wanted: str) -> bool:
    """Whether the lengths alone allow a ratio above the cutoff (2m / (a + b) with m <= the shorter one)."""
    return 2 * min(len(text), len(wanted)) >= _CUTOFF * (len(text) + len(wanted))
