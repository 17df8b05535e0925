"""Stage b: which server this is and what it serves, told by GETs that cost nothing (preflight.md section 9).

The list of models is asked for first, without the key; where it is refused, with it. What only one program answers is
asked for when the list says nothing of the kind, all at once.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace
from yarl import URL

from gateway.preflight.asking import MAX_BYTES, MAX_LIST_BYTES, MAX_MODELS, Asker, Failed, Told, place
from gateway.preflight.checks import stage
from gateway.preflight.engines import PATHS, Answer, Engine, identify
from gateway.preflight.hosted import Hosted, hosted_at
from gateway.preflight.names import close_names, is_listed
from gateway.preflight.said import error_of, says
from gateway.registry.verdict import StageView
from gateway.vault.secret import Secret

ANSWER_S: Final = 3.0
_COLD: Final = frozenset({"Ollama", "llama-swap", "LM Studio", "LocalAI", "Docker Model Runner", "Jan"})
"""Servers that load a model when it is called, which takes a minute."""
_MOUNTS: Final = ("/engines/v1", "/api/v1", "/v1")
_REDIRECTS: Final = range(300, 400)
_OK, _NO_KEY, _FORBIDDEN, _NOT_FOUND, _SERVER_ERROR = 200, 401, 403, 404, 500
_PORT_OF_TLS: Final = frozenset({"closed", "reset", "banner"})


class Existence(Struct, frozen=True):
    """What stage b found; `engine` and `listed` are worth keeping where `code` is `found`."""

    code: str
    engine: str = "OpenAI-compatible"
    version: str | None = None
    listed: tuple[str, ...] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    did_you_mean: tuple[str, ...] = ()
    with_key: bool = False
    """Whether it took the key to learn this."""

    @property
    def is_cold(self) -> bool:
        """Whether the first call may have to wait for the model to be loaded."""
        return self.engine in _COLD


async def look(asker: Asker, url: URL, *, key: Secret | None, native: bool = True, model: str = "") -> Existence:
    """Return what is at the address; without `native` only the list is asked for (for the health of what is known).

    A hosted provider that lists nothing is asked for the `model`.
    """
    told = await _list(asker, url, None)
    with_key = key is not None and isinstance(told, Told) and told.status in {_NO_KEY, _FORBIDDEN}
    if with_key:
        told = await _list(asker, url, key)
    if isinstance(told, Failed):
        return await _explained(asker, url, told)
    if (host := hosted_at(url)) is not None and _ids(told) is None and model:
        return await _at_host(asker, host, url, model, key)
    engine = await _engine(asker, url, told) if native and told.status not in _REDIRECTS and host is None else None
    if _ids(told) is None and (fault := await _fault(asker, url, told, engine)):
        return fault
    found = _named(replace(_judged(url, told, engine, key=key, secret=with_key), with_key=with_key), engine)
    return found if host is None else replace(found, engine=host.name, evidence={**found.evidence, "engine": host.name})


async def _at_host(asker: Asker, host: Hosted, url: URL, model: str, key: Secret | None) -> Existence:
    """Return what a provider says of one model; the key goes nowhere but to the origin that it is for (EGR-7)."""
    page = host.page_of(url, model)
    told = await asker.get(page, key=key if page.origin() == url.origin() else None, within_s=ANSWER_S)
    if isinstance(told, Failed):
        return Existence(told.code, engine=host.name, values=told.values)
    evidence = {"status": told.status, "api": True, "engine": host.name}
    values = {"model": model, "url": page, "says": says(told, key), "status": told.status}
    if told.status == _OK:
        return Existence("model_there", engine=host.name, values=values, evidence=evidence)
    if told.status == _NOT_FOUND:
        return Existence("model_not_there", engine=host.name, values=values, evidence=evidence)
    if told.status == _NO_KEY:
        code = "key_missing" if key is None or page.origin() != url.origin() else "key_refused"
        return Existence(code, engine=host.name, values=values, evidence=evidence)
    return Existence("no_list", engine=host.name, values=values, evidence=evidence)


async def shown(
    found: Existence, model: str, *, took_ms: float = 0, option: str = "--upstream-model NAME"
) -> StageView:
    """Return the stage in words; a model that is not listed is a warning, because the trial decides."""
    values = {"engine": found.engine, "version": f" {found.version}" if found.version else "", **found.values}
    if found.code == "found" and model and found.listed and not is_listed(model, found.listed):
        close = await close_names(model, found.listed)
        values |= {"model": model, "close": f"; did you mean {close[0]!r}?" if close else "", "option": option}
        return stage("existence", "not_listed", did_you_mean=close, took_ms=took_ms, evidence=found.evidence, **values)
    return stage(
        "existence", found.code, did_you_mean=found.did_you_mean, took_ms=took_ms, evidence=found.evidence, **values
    )


def loads_on_call(stages: Iterable[StageView]) -> bool:
    """Whether a check found a server that loads a model when it is called."""
    return any(one.evidence.get("engine") in _COLD for one in stages)


def below(url: URL, suffix: str) -> URL:
    """Return the address of an operation, made as the data plane makes it."""
    return URL(f"{str(url).removesuffix('/')}{suffix}", encoded=True)


async def _list(asker: Asker, url: URL, key: Secret | None) -> Told | Failed:
    return await asker.get(below(url, "/models"), key=key, within_s=ANSWER_S, limit=MAX_LIST_BYTES)


async def _explained(asker: Asker, url: URL, failed: Failed) -> Existence:
    """Try the other scheme once before a closed connection is reported (preflight.md section 11)."""
    values = dict(failed.values)
    if failed.code == "use_http":
        values["other"] = str(url.with_scheme("http").with_port(url.port))
    if failed.code in _PORT_OF_TLS and url.scheme == "http":
        other = url.with_scheme("https").with_port(url.port)
        again = await _list(asker, other, None)
        if isinstance(again, Told) or again.code == "certificate":
            return Existence("use_https", values={"place": place(url), "other": str(other)})
    return Existence(failed.code, values=values)


async def _fault(asker: Asker, url: URL, told: Told, engine: Engine | None) -> Existence | None:
    """Return what is certainly wrong with an answer that is no list of models."""
    if told.status in _REDIRECTS:
        return Existence("moved", values={"url": below(url, "/models"), "origin": _target(told, url)})
    if engine is not None and engine.loading:
        return None
    found = _elsewhere(url, engine)
    if found is None and told.status not in {_NO_KEY, _FORBIDDEN}:
        other = await _list(asker, below(url, "/v1"), None)
        if isinstance(other, Told) and (_ids(other) is not None or (_is_guarded(other) and told.status == _NOT_FOUND)):
            found = below(url, "/v1")
    if found is not None:
        values = {"url": url, "other": found}
        return Existence("wrong_path", values=values, did_you_mean=(str(found),))
    if told.is_page and told.status == _OK:
        return Existence("html", values={"url": below(url, "/models")}, did_you_mean=_with_v1(url))
    return None


def _judged(url: URL, told: Told, engine: Engine | None, *, key: Secret | None, secret: bool) -> Existence:
    """Return the finding of an answer; `secret` says that the key was sent."""
    where, ids = below(url, "/models"), _ids(told)
    evidence: dict[str, Any] = {"status": told.status, "api": bool(error_of(told)[0])}
    if engine is not None and engine.loading:
        return Existence("loading", evidence=evidence)
    if ids is not None:
        count = f"{len(ids)} model{'' if len(ids) == 1 else 's'}"
        return Existence("found", listed=ids, values={"count": count}, evidence={**evidence, "models": len(ids)})
    if told.status == _NO_KEY:
        code = "key_refused" if secret else "key_missing"
        return Existence(code, values={"url": where, "says": says(told, key)}, evidence=evidence)
    if told.status == _FORBIDDEN:
        return Existence("list_refused" if secret else "key_missing", values={"url": where}, evidence=evidence)
    if told.status >= _SERVER_ERROR:
        values = {"url": where, "status": told.status, "says": says(told, key)}
        return Existence("server_error", values=values, evidence=evidence)
    return Existence("no_list", values={"url": where, "status": told.status}, evidence=evidence)


def _named(found: Existence, engine: Engine | None) -> Existence:
    if engine is None:
        return found
    evidence = {**found.evidence, "engine": engine.name, "version": engine.version}
    return replace(found, engine=engine.name, version=engine.version, evidence=evidence)


async def _engine(asker: Asker, url: URL, told: Told) -> Engine | None:
    """Return which program it is; its own paths stand beside the mount of the API."""
    path = url.raw_path.rstrip("/")
    mount = next((one for one in _MOUNTS if path.endswith(one)), "")
    root = url.with_path(path.removesuffix(mount), encoded=True)
    known = f"{mount}/models"
    asked = [one for one in PATHS if one != known]
    others = await asyncio.gather(*(asker.get(below(root, one), within_s=ANSWER_S, limit=_limit(one)) for one in asked))
    answers = {known: told, **{path: one for path, one in zip(asked, others, strict=True) if isinstance(one, Told)}}
    known_by = {path: Answer(one.status, one.data, one.headers) for path, one in answers.items()}
    return identify(known_by, port=url.port or 0, names=False)


def _limit(path: str) -> int:
    """Return how many bytes of an answer are read: lists may be long."""
    return MAX_LIST_BYTES if path.endswith(("/models", "/tags")) else MAX_BYTES


def _elsewhere(url: URL, engine: Engine | None) -> URL | None:
    """Return where a known program's API is, when it is not where the address says."""
    if engine is None or engine.guessed or engine.needs_key:
        return None
    path = url.raw_path.rstrip("/")
    mount = next((one for one in _MOUNTS if path.endswith(one)), "")
    right = url.with_path(path.removesuffix(mount) + engine.path, encoded=True)
    return None if right.raw_path == path else right


def _is_guarded(told: Told) -> bool:
    return told.status == _NO_KEY and isinstance(told.data, dict)


def _ids(told: Told) -> tuple[str, ...] | None:
    rows = told.data.get("data") if told.status == _OK and isinstance(told.data, dict) else None
    if not isinstance(rows, list):
        return None
    ids = [str(row["id"]) for row in rows[:MAX_MODELS] if isinstance(row, dict) and "id" in row]
    return None if rows and not ids else tuple(dict.fromkeys(ids))


def _target(told: Told, url: URL) -> str:
    """Return the origin that a redirect leads to."""
    try:
        target = URL(told.headers.get("location", ""))
        return str(target.origin()) if target.absolute else str(url.origin())
    except ValueError:
        return "elsewhere"


def _with_v1(url: URL) -> tuple[str, ...]:
    return () if url.raw_path.rstrip("/").endswith("/v1") else (str(below(url, "/v1")),)
