"""Every finding of a check and its words: one table (preflight.md section 11). Pure.

A message says what was found, with the value at fault; a hint says what to do. Values in braces are filled in by who
found it. `NETWORK` are the findings that would tell one port from another: only administrators hear them apart.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

from gateway.registry.verdict import StageView, Verdict

StageName = Literal["address", "existence", "trial", "stream"]

_PASS, _WARN, _FAIL, _UNPROVED = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.UNPROVED


class Text(Struct, frozen=True):
    """A finding's verdict and words."""

    verdict: Verdict
    message: str
    hint: str | None = None


TEXTS: Final[Mapping[str, Text]] = {
    "address_ok": Text(_PASS, "{url} is well formed and may be reached"),
    "path_cut": Text(_WARN, "{cut} was cut off: a base_url ends before it", "it is registered as {url}"),
    "invalid_url": Text(_FAIL, "{detail}"),
    "own_address": Text(
        _FAIL,
        "{url} is this server itself: calls would go in a circle",
        "give the address where the model really runs; another name for a model is an alias",
    ),
    "egress_denied": Text(_FAIL, "the egress policy does not allow this upstream's address", "{line}"),
    "insecure_http": Text(
        _FAIL,
        "{url} is plain http over a public network",
        "use https://; or add egress.allow_insecure_http: true to the configuration",
    ),
    "insecure_key": Text(
        _FAIL,
        "a key would go to {url} over plain http, where everybody on the way can read it",
        "use https://, or register it with force",
    ),
    "duplicate": Text(
        _WARN, "model {model!r} has this address and model already (endpoint {endpoint})", "use that one: {command}"
    ),
    "dns": Text(
        _FAIL,
        "the host {host!r} is not known",
        "check the spelling; inside a container use the service's name, not localhost",
    ),
    # what existence and trial may meet on the way
    "refused": Text(
        _FAIL,
        "nothing listens on {place}",
        "start it, or check the port: 11434 Ollama, 8000 vLLM, 8080 llama.cpp, 1234 LM Studio",
    ),
    "connect_timeout": Text(
        _FAIL, "no connection to {place} within {limit:g} s", "a firewall drops it, or it is the wrong host"
    ),
    "no_route": Text(
        _FAIL, "{place} cannot be reached: {reason}", "check the network between this server and that one"
    ),
    "silent": Text(
        _FAIL, "{place} took the request and did not answer within {limit:g} s", "it is loading, overloaded, or no HTTP"
    ),
    "banner": Text(_FAIL, "{place} speaks another protocol than HTTP", "check the port"),
    "closed": Text(
        _FAIL, "{place} closes the connection without an answer", "check the port, and the server's own log"
    ),
    "use_https": Text(_FAIL, "{place} speaks TLS, and was called with http://", "use {other}"),
    "use_http": Text(_FAIL, "{place} answers without TLS, and was called with https://", "use {other}"),
    "tls": Text(_FAIL, "the TLS handshake with {place} failed", "check the server's TLS versions and its certificate"),
    "certificate": Text(
        _FAIL,
        "the certificate of {place} is not accepted: {reason}",
        "give the authority's certificate with SSL_CERT_FILE=/path/to/authority.pem, or the name that it is made for",
    ),
    "reset": Text(_FAIL, "{place} resets the connection", "a broken proxy on the way, or a server that crashes"),
    "truncated": Text(_FAIL, "the answer of {place} broke off in the middle", "look at the proxy on the way"),
    "moved": Text(_FAIL, "{url} answers with a redirect to {origin}, which is not followed", "register that address"),
    "html": Text(_FAIL, "{url} answers with a web page, not an API", "give the API's address, which often ends in /v1"),
    "unreachable": Text(
        _FAIL,
        "no model server answers at {place}",
        "check host, port and scheme; an administrator is told more, and the server's own log knows more",
    ),
    # existence alone
    "found": Text(_PASS, "{engine}{version}, {count}"),
    "model_there": Text(_PASS, "{engine} has a model {model!r}"),
    "model_not_there": Text(_WARN, "{engine} has no model {model!r}", "the name is OWNER/NAME, as its page has it"),
    "loading": Text(_WARN, "{engine} is there and is loading its model", "wait, then check again"),
    "wrong_path": Text(_FAIL, "the API is not at {url} but at {other}", "use {other}"),
    "key_missing": Text(_WARN, "{url} asks for a key, and none is set", "give one with --api-key env:NAME"),
    "list_refused": Text(_WARN, "the key may not list models (403)", "the trial shows whether it may call them"),
    "key_refused": Text(
        _FAIL, "{url} refuses the key (401){says}", "set the upstream's right key; it is sent as Authorization: Bearer"
    ),
    "no_list": Text(_WARN, "{url} lists no models ({status})", "the trial shows whether it can be called"),
    "not_listed": Text(
        _WARN, "the server does not list a model {model!r}{close}", "give its own name for it: {option}"
    ),
    "server_error": Text(_FAIL, "{url} answered {status}{says}", "look at that server's log"),
    # trial alone
    "circle": Text(
        _FAIL,
        "calls to {url} come back to this server",
        "give the address where the model really runs; another name for a model is an alias",
    ),
    "no_model": Text(_UNPROVED, "no model was named to try{some}", "name one: {option}"),
    "answered": Text(_PASS, "it answered {article} {task} call{detail}"),
    "limit_reached": Text(_PASS, "it began a chat and stopped at the trial's limit of tokens"),
    "no_trial": Text(_UNPROVED, "there is no cheap trial for {task}{detail}", "make a real call"),
    "still_loading": Text(_UNPROVED, "it is loading its model{says}", "check again when it is loaded"),
    "trial_skipped": Text(Verdict.SKIPPED, "not tried, because an earlier stage failed"),
    "key_needed": Text(_FAIL, "{url} asks for a key (401), and none is set", "give one with --api-key env:NAME"),
    "forbidden": Text(_FAIL, "{url} knows the key and forbids the call (403){says}", "ask for access to {model!r}"),
    "no_credit": Text(_FAIL, "the upstream's account has no credit{says}", "look at the account's billing"),
    "rate_limited": Text(_WARN, "the upstream is at its rate limit{says}", "the key is good; calls may get 429, too"),
    "model_absent": Text(
        _FAIL, "the upstream does not know the model {model!r}{close}", "give its own name for it: {option}"
    ),
    "not_found": Text(_FAIL, "{url} is not there (404)", "check the path of base_url; it often ends in /v1"),
    "rejected": Text(_FAIL, "the upstream refuses the smallest call ({status}){says}", "does the task fit the model?"),
    "bad_answer": Text(
        _FAIL, "{url} answered {status} with something that is no {task} answer", "is it an OpenAI API?"
    ),
    "streams": Text(_PASS, "the stream's first event came after {first:.0f} ms"),
    "no_stream": Text(_FAIL, "asked for a stream, it answered {kind}", "callers who stream will fail"),
    "buffered": Text(
        _WARN,
        "the stream came in one piece after {first:.0f} ms: something on the way holds it back",
        "switch buffering off in the proxy before the upstream (nginx: proxy_buffering off)",
    ),
}

NETWORK: Final = frozenset(
    {
        "refused", "connect_timeout", "no_route", "silent", "banner", "closed", "use_https", "use_http", "tls",
        "certificate", "reset", "truncated", "moved", "html", "wrong_path", "no_list", "server_error",
    }
)  # fmt: skip
"""What a port scanner would want to know."""


def stage(  # noqa: PLR0913 - keyword-only, each a member of the answer
    name: StageName,
    code: str,
    *,
    did_you_mean: tuple[str, ...] = (),
    took_ms: float = 0,
    evidence: Mapping[str, Any] | None = None,
    hint: str | None = None,
    **values: Any,
) -> StageView:
    """Return a finding in words. `hint` takes the place of the table's."""
    text = TEXTS[code]
    told = hint if hint is not None else text.hint
    return StageView(
        stage=name,
        verdict=text.verdict,
        code=code,
        message=text.message.format_map(values),
        hint=None if told is None else (told if hint is not None else told.format_map(values)),
        did_you_mean=did_you_mean,
        took_ms=round(took_ms, 1),
        evidence=dict(evidence or {}),
    )
