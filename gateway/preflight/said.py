"""What an upstream said of its refusal, fit to be shown: only an error's message, short, printable, without secrets.

Shown to those alone who may write endpoints (preflight.md section 11). Pure.
"""

from typing import Any, Final

from gateway.observe.masking import MASK, mask, neutral
from gateway.preflight.asking import Told
from gateway.vault.secret import Secret

MAX_SHOWN: Final = 200  # characters
_SHORTEST_KEY: Final = 4  # a shorter one would be found in every text


def error_of(told: Told) -> tuple[str, str]:
    """Return an error's message and its code or type, "" where there is none; as they came."""
    error: Any = told.data.get("error") if isinstance(told.data, dict) else None
    if isinstance(error, str):
        return error, ""
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("message") or ""), str(error.get("code") or error.get("type") or "")


def says(told: Told, key: Secret | None = None) -> str:
    """Return `: "…"` with the upstream's message, "" where it says nothing."""
    message = error_of(told)[0]
    if not message:
        return ""
    if key is not None and len(key.reveal()) >= _SHORTEST_KEY:
        message = message.replace(key.reveal(), MASK)
    shown = neutral(mask(message))
    return f': "{shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"}"'
