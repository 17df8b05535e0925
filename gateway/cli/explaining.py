"""Each step from a published base_url to the address that is called, in the order in which the resolver goes.

Nothing is joined here: the parts are read off what the resolver returned.
"""

import re
from typing import TYPE_CHECKING

from gateway.cli.output import JsonObject

if TYPE_CHECKING:
    from resolver import ResolvedURL

_ADDRESS = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]*://")
"""How a published address begins; no model's name can, since no part between its slashes is empty."""

_RULES = {
    "gateway": "is a full URL: it is called as it is, and the server's URL plays no part (R3, R4, R6)",
    "server": "is a path: it is put behind the server's URL (R5, R6)",
}
_WARNINGS = {
    "downgrade": "the server speaks https and the gateway http: no key is sent (R9)",
    "missing_leading_slash": "the published path lacks its leading slash; one was put in front (R5)",
}


def is_address(text: str) -> bool:
    """Whether a text is a base_url or a URL, and no name."""
    return bool(_ADDRESS.match(text))


def steps_of(server: str, source: str, resolved: "ResolvedURL", published: JsonObject) -> list[JsonObject]:
    """Return the steps as rows of `step`, `value` and `why`. `published` is an answer of the server, or a base_url."""
    rows = [_step("server", server, f"from {source}")]
    if "model" in published:
        rows.append(_step("model", str(published["model"]), f"{published['uid']} of team {published['team']}"))
        rows.append(_via(published["via"], resolved.kind))
    rows.append(_step("base_url", str(published["base_url"]), f"as it is written; it {_RULES[resolved.kind]}"))
    if resolved.kind == "server":
        rows += _placed(server, resolved)
    else:
        rows.append(_step("origin", str(resolved.origin), "the gateway's own; a key may be bound to it"))
    rows += [_step("warning", code, _WARNINGS[code]) for code in resolved.warnings]
    rows.append(_step("url", str(resolved), "the result: a client's base_url, with the slash at its end as published"))
    rows.append(_step("call", resolved.below("chat/completions"), "where a chat goes: one slash at the seam"))
    return rows


def _placed(server: str, resolved: "ResolvedURL") -> list[JsonObject]:
    # Inner import: the resolver takes 15 ms, and --help must not.
    from resolver import resolve

    mount = resolve("/", server=server).url.raw_path
    about = "the server's path prefix, kept in front (R7)" if mount != "/" else "the server has no path prefix (R7)"
    return [
        _step("origin", str(resolved.origin), "scheme, host and port of the server (R1); nothing may leave it (R8)"),
        _step("mount", mount, about),
    ]


def _via(via: str | None, kind: str) -> JsonObject:
    chosen = "chosen by the model" if via else "the model chooses none: its team's choice, else the installation's"
    means = "it is called on the server" if kind == "server" else "it is called through a gateway"
    return _step("via", via or "default", f"{chosen}; {means}")


def _step(step: str, value: str, why: str) -> JsonObject:
    return {"step": step, "value": value, "why": why}
