"""How log lines look and where they go: JSON, or readable and coloured on a terminal; on stderr unless told.

`configure_logs` is called once, by the composition root. Our modules log through `structlog.get_logger()` with an
event and named values, or through stdlib `logging`; libraries' records go the same way. Every line passes `masking`.
"""

import logging
import sys
from contextvars import ContextVar
from typing import Literal, TextIO

from gateway.observe.masking import mask, neutral, neutral_lines
from gateway.observe.structured import EventDict, Processor, WrappedLogger, structlog
from gateway.observe.throttle import Throttle

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "json", "console"]

_request_id: ContextVar[str | None] = ContextVar("modelport_request_id", default=None)
_LONGEST_VALUE = 4096
"""Characters of one value: a log line is no place for a body."""
_NOISY = {"aiohttp.access": logging.CRITICAL, "asyncio": logging.WARNING, "aiosqlite": logging.WARNING}
"""Libraries' loggers that say per request or per statement what our own lines say better."""
_FLOODED = ("aiohttp.server", "aiohttp.web", "asyncio")
"""Loggers that callers can make write as often as they like."""


def bind_request(request_id: str) -> None:
    """Put the id on every line that this request's task and its children write from now on."""
    _request_id.set(request_id)


def wants_json(fmt: Format, stream: TextIO) -> bool:
    """Whether lines are JSON: as told, else unless a person watches."""
    return fmt == "json" or (fmt == "auto" and not stream.isatty())


def configure_logs(
    *, level: Level = "info", fmt: Format = "auto", stream: TextIO | None = None, keep: Processor | None = None
) -> None:
    """Send every line of this process to the stream (stderr) in one shape, past `keep`."""
    out = stream or sys.stderr
    as_json = wants_json(fmt, out)
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        _add_request_id,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Processor] = [
        structlog.processors.format_exc_info,
        _neutralise,
        *([] if keep is None else [keep]),
        _Masked(_json() if as_json else _console(out)),
    ]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,  # loggers are made at import, before this runs
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(least)
    for name in _FLOODED:
        logger = logging.getLogger(name)
        logger.filters[:] = [Throttle()]


def _json() -> Processor:
    return structlog.processors.JSONRenderer(ensure_ascii=True, default=str)


def _console(out: TextIO) -> Processor:
    # A plain trace: the pretty one shows local variables, and those hold prompts and keys.
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _add_request_id(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    del logger, method
    request_id = _request_id.get()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


def _neutralise(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Take control characters out of every value; anything that is no plain value is written as its text."""
    del logger, method
    return {name: _plain(value, keep_lines=name in {"exception", "stack"}) for name, value in event.items()}


def _plain(value: object, *, keep_lines: bool) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else str(value)
    if keep_lines:
        return neutral_lines(text)
    return neutral(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")


class _Masked:
    """A renderer whose line is looked through for credentials as a whole, traces included."""

    def __init__(self, render: Processor) -> None:
        self._render = render

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        return mask(str(self._render(logger, method, event)))
