"""Collects the tests without pytest and runs them against a target: for gateways other than ours.

A test that asks for more than a `target` (a process of modelport, its management API) is reported as not applicable.
"""

import asyncio
import importlib
import inspect
import itertools
import pkgutil
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tests.conformance
from tests.conformance.target import NotOffered, Target

TEST_S = 90.0  # longer than any test may take
SETTLE_S = 20.0  # longer than the pause of common breakers
Verdict = Literal["pass", "FAIL", "-"]


@dataclass(frozen=True, slots=True)
class Test:
    """One test with its arguments; `id` is the first word of its docstring (PRX-4)."""

    id: str
    name: str
    function: Callable[..., Any]
    arguments: dict[str, Any]
    alone: bool


@dataclass(frozen=True, slots=True)
class Result:
    """How a test ended, and why."""

    test: Test
    verdict: Verdict
    why: str = ""


def collect(only: str = "") -> list[Test]:
    """Return all tests whose id or name contains `only`, in the order of the ids."""
    tests_ = [test for module in _modules() for test in _tests_of(module)]
    return [test for test in tests_ if only in test.id or only in test.name]


async def run_all(targets: Sequence[Target], tests_: list[Test]) -> list[Result]:
    """Return the results in the order of the tests.

    Each target works on one test at a time, so that a test meets no breaker that another one has just opened; tests
    that measure waits run alone afterwards.
    """
    results: dict[int, Result] = {}
    waiting = deque(test for test in tests_ if not test.alone)

    async def work(target: Target) -> None:
        while waiting:
            test = waiting.popleft()
            results[id(test)] = await run(target, test)

    await asyncio.gather(*(work(target) for target in targets))
    for test in tests_:
        if test.alone:
            results[id(test)] = await run(targets[0], test)
    return [results[id(test)] for test in tests_]


async def settle(target: Target) -> bool:
    """Return whether the model answers a plain call, waiting a while for a breaker that a test before has opened."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        case = await target.case()
        if (await case.post()).status == 200:
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.5)


async def run(target: Target, test: Test) -> Result:
    """Return how the test ended against the target."""
    needed = set(inspect.signature(test.function).parameters) - set(test.arguments)
    if needed - {"target"}:
        return Result(test, "-", f"needs {', '.join(sorted(needed - {'target'}))}")
    try:
        async with asyncio.timeout(TEST_S):
            await settle(target)
            await test.function(**({"target": target} if needed else {}), **test.arguments)
    except NotOffered as error:
        return Result(test, "-", str(error))
    except Exception as error:  # noqa: BLE001  # any failure of the target is a verdict
        return Result(test, "FAIL", _why(error))
    return Result(test, "pass")


def _why(error: Exception) -> str:
    """Return one line: the error, or for a bare assertion the line that did not hold."""
    text = str(error).strip().partition("\n")[0]
    if not text and error.__traceback__:
        text = traceback.extract_tb(error.__traceback__)[-1].line or ""
    return f"{type(error).__name__}: {text}"[:300]


def _modules() -> Iterator[Any]:
    for info in pkgutil.iter_modules(tests.conformance.__path__):
        if info.name.startswith("test_"):
            yield importlib.import_module(f"tests.conformance.{info.name}")


def _tests_of(module: Any) -> Iterator[Test]:
    for name, function in vars(module).items():
        if not name.startswith("test_") or not inspect.iscoroutinefunction(function):
            continue
        marks = getattr(function, "pytestmark", [])
        alone = any(mark.name == "alone" for mark in marks)
        identity = (inspect.getdoc(function) or "?").split(":")[0].split(" ")[0]
        for label, arguments in _rows(marks):
            yield Test(identity, name.removeprefix("test_").replace("_", " ") + label, function, arguments, alone)


def _rows(marks: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a label and the arguments for each combination of the parametrize marks."""
    axes = []
    for mark in marks:
        if mark.name != "parametrize":
            continue
        names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
        labels = mark.kwargs.get("ids") or [None] * len(mark.args[1])
        axes.append([_row(names, values, label) for values, label in zip(mark.args[1], labels, strict=True)])
    for combination in itertools.product(*axes):
        merged: dict[str, Any] = {}
        for _, arguments in combination:
            merged |= arguments
        label = ", ".join(text for text, _ in combination)
        yield (f" [{label}]" if label else ""), merged


def _row(names: list[str], values: Any, label: str | None) -> tuple[str, dict[str, Any]]:
    listed = getattr(values, "values", None)  # pytest.param
    unpacked = listed if isinstance(listed, tuple) else values if len(names) > 1 else (values,)
    text = label or getattr(values, "id", None) or "-".join(str(value)[:40] for value in unpacked)
    return str(text), dict(zip(names, unpacked, strict=True))
