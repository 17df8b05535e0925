"""What may be shown of a configuration: a secret is never, whatever key it was typed under.

Used for every message, and by all that shows values: `config show`, `config diff`, the API.
"""

import re

from gateway.observe.masking import MASK, mask

_RANDOM = re.compile(
    r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_-]{32,}={0,2}"  # base64 of 24 bytes and more
    r"|[A-Za-z0-9+/]{42,}={1,2}"
    r"|[0-9a-fA-F]{40,}"
)
_USER_ALONE = re.compile(r"(?<=://)[^/@:\s]{16,}(?=@)")
_PASSWORD_PARAMETER = re.compile(r"((?:password|secret|token|key)=)[^&\s]+", re.IGNORECASE)
_MAX_KEY = 200  # characters: the longest name of a model


def mask_text(text: str) -> str:
    """Return the text without passwords, tokens and random bytes.

    >>> mask_text("postgresql://app:hunter2@db/modelport?sslpassword=hunter2")
    'postgresql://app:***@db/modelport?sslpassword=***'
    """
    if _RANDOM.fullmatch(text.strip()) and not _is_model_name(text):
        return MASK
    return _PASSWORD_PARAMETER.sub(rf"\g<1>{MASK}", _USER_ALONE.sub(MASK, mask(text)))


def looks_secret(text: str) -> bool:
    """Whether the text looks like a key, a token or random bytes rather than like a name or an address.

    >>> looks_secret("sk-proj-0123456789abcdef"), looks_secret("Qwen/Qwen3-235B-A22B-Instruct-2507")
    (True, False)
    """
    return mask_text(text) != text


def shown_path(keys: tuple[str | int, ...]) -> str:
    """Return keys as people write them; one that may be a secret in the wrong place is masked.

    >>> shown_path(("models", "qwen3", "endpoints", 0, "base_url"))
    'models.qwen3.endpoints.0.base_url'
    """
    return ".".join(_shown_key(str(key)) for key in keys)


def _shown_key(key: str) -> str:
    masked = mask_text(key)
    return masked if len(masked) <= _MAX_KEY and masked.isprintable() else f"{ascii(masked[:8])[1:-1]}…"


def _is_model_name(text: str) -> bool:
    """Whether the long text has the words of a name: parts with at most one change between letters and digits."""
    parts = [part for part in re.split(r"[-_/.]", text) if part]
    return len(parts) > 2 and max(map(len, parts)) <= 12  # noqa: PLR2004 - random text has few and long parts
