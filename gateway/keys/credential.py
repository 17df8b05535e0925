"""Which header of a request is its credential (security.md KEY-7, KEY-8). Pure.

Exactly one of `Authorization: Bearer`, `x-api-key` and `api-key` counts. Two that differ are refused, since whatever
looks at the other one would judge somebody else. Keys in the query are never read: queries end in logs.
"""

from multidict import CIMultiDict, CIMultiDictProxy

from gateway.errors import InvalidRequest

Headers = CIMultiDict[str] | CIMultiDictProxy[str]
_BEARER = "bearer "
_OTHERS = ("x-api-key", "api-key")


def presented_key(headers: Headers) -> str | None:
    """Return the credential that the caller sent, or None when there is none.

    A blank header counts as none: it comes from an unset variable in somebody's template. An `Authorization` of
    another scheme is returned as it stands, so that it fails like any wrong key and is not silently passed over.

    Raises:
        InvalidRequest: two different credentials.
    """
    found: str | None = None
    for value in headers.getall("authorization", ()):
        found = _only(found, value[len(_BEARER) :] if value[: len(_BEARER)].lower() == _BEARER else value)
    for name in _OTHERS:
        if name in headers:
            for value in headers.getall(name):
                found = _only(found, value)
    return found


def _only(found: str | None, value: str) -> str | None:
    value = value.strip()
    if not value or value.lower() == _BEARER.strip() or value == found:
        return found
    if found is not None:
        raise InvalidRequest(
            "this request carries two different credentials",
            code="two_credentials",
            hint="send one of Authorization: Bearer, x-api-key and api-key",
        )
    return value
