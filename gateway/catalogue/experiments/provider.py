"""Variants from an OpenFeature provider that the team already has, in place of our own bucketing.

`catalogue.openfeature` names it, as `package.module:factory`; without that nothing is imported. The experiments are
still those of the signed file, with their dates and their flag: the provider says only which variant a unit is shown.
It is given a keyed hash for the unit, never a name. What it does not answer in a second, or answers wrongly, is no
variant: two ways of bucketing that take turns would show a unit now this and now that.
"""

import asyncio
import contextlib
import importlib
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.catalogue.experiments.experiment import Experiment
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient

DOMAIN: Final = "modelport"
_WITHIN_S: Final = 1.0
_MOST_WAITING: Final = 4
"""Threads at once: a provider that hangs does not take more."""
logger = logging.getLogger("modelport.catalogue")


class OpenFeatureVariants:
    """Asks the provider; made at the first question, because its import is the team's own code."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client: OpenFeatureClient | None = None
        self._is_complaining = True
        self._waiting = 0

    async def variant(self, experiment: Experiment, unit: str) -> str | None:
        """Return the unit's variant, None where the provider names none of the experiment's.

        Raises:
            ConfigError: there is no such provider.
        """
        if self._client is None:
            self._client = await asyncio.to_thread(make_client, self._name)
        client = self._client
        # Inner import: an extra, which is there when a provider is configured.
        from openfeature.evaluation_context import EvaluationContext

        context = EvaluationContext(targeting_key=unit)
        try:
            found = await self._asked(lambda: client.get_string_value(experiment.id, "", context))
        except Exception as error:  # noqa: BLE001 - code of others: whatever it does, a list is still shown
            self._complain(error)
            return None
        return found if found in experiment.names else None

    async def _asked(self, act: Callable[[], str]) -> str:
        """Return what the provider says; a thread of its own, which the process does not wait for, may stay behind."""
        if self._waiting >= _MOST_WAITING:
            raise TimeoutError(f"{self._waiting} questions are not answered yet")
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[str] = loop.create_future()

        def settle(value: str, error: Exception | None) -> None:
            self._waiting -= 1
            if answered.done():
                return
            if error is None:
                answered.set_result(value)
            else:
                answered.set_exception(error)

        def run() -> None:
            value, failure = "", None
            try:
                value = act()
            except Exception as error:  # noqa: BLE001 - handed on to whoever asked
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, value, failure)

        self._waiting += 1
        threading.Thread(target=run, name="modelport-openfeature", daemon=True).start()
        async with asyncio.timeout(_WITHIN_S):
            return await answered

    def _complain(self, error: Exception) -> None:
        if self._is_complaining:
            logger.warning("catalogue.openfeature does not answer: %s: %s", type(error).__name__, error)
        self._is_complaining = False


def make_client(name: str) -> "OpenFeatureClient":
    """Return a client of the provider that `package.module:factory` gives.

    Raises:
        ConfigError: OpenFeature is not installed, or the name leads nowhere.
    """
    try:
        # Inner import: an extra.
        from openfeature import api
    except ImportError as error:
        raise ConfigError(
            "catalogue.openfeature needs OpenFeature, which is not installed",
            hint="pip install 'modelport[openfeature]'",
        ) from error
    module, _, factory = name.partition(":")
    try:
        provider = getattr(importlib.import_module(module), factory)()
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"catalogue.openfeature: {name!r} gives no provider: {error}",
            hint="write package.module:factory, a function without arguments that returns an OpenFeature provider",
        ) from error
    api.set_provider(provider, DOMAIN)
    return api.get_client(DOMAIN)
