"""OpenFeature: a provider that the team has decides which variant, and nothing else; without one it is not imported."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from gateway.catalogue.experiments import provider as module
from gateway.catalogue.experiments.bucketing import pseudonym
from gateway.catalogue.experiments.provider import OpenFeatureVariants
from gateway.catalogue.experiments.secret import InstallSecret
from gateway.catalogue.experiments.showing import Experiments
from gateway.errors import ConfigError
from gateway.storage.clock import SystemClock
from gateway.storage.engine import Database
from tests.catalogue.experiments.test_experiment import experiment
from tests.vault.test_vault import vault_of

HERE = "tests.catalogue.experiments.test_provider"
asked: list[Any] = []
unplugged = threading.Event()


def in_memory() -> InMemoryProvider:
    """Return a provider as a team would write it."""

    def by_unit(_: Any, context: Any) -> FlagResolutionDetails[str]:
        asked.append((context.targeting_key, dict(context.attributes)))
        return FlagResolutionDetails("new")

    flag = InMemoryFlag("a", {"a": "control", "b": "new"}, context_evaluator=by_unit)
    nonsense = InMemoryFlag("a", {"a": "no variant of ours"})
    return InMemoryProvider({"order-1": flag, "order-2": nonsense})


class Hanging(InMemoryProvider):
    """One that does not answer until it is unplugged."""

    def __init__(self) -> None:
        super().__init__({})

    def resolve_string_details(self, *_: Any, **__: Any) -> Any:
        """Wait."""
        unplugged.wait(10)
        raise RuntimeError("too late")


@pytest.fixture(autouse=True)
def _afterwards() -> Iterator[None]:
    """Leave no provider behind."""
    unplugged.clear()
    asked.clear()
    yield
    unplugged.set()
    api.clear_providers()


async def test_the_providers_variant_counts_when_it_is_one_of_the_experiments() -> None:
    """Of an unknown flag, and of a value that is none, there is no variant."""
    variants = OpenFeatureVariants(f"{HERE}:in_memory")
    assert await variants.variant(experiment(), "hash") == "new"
    assert asked == [("hash", {})], "nothing else is told"
    assert await variants.variant(experiment("order-2"), "hash") is None
    assert await variants.variant(experiment("order-3"), "hash") is None


async def test_a_provider_that_hangs_or_fails_is_no_variant(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And said once; our own buckets do not step in, or a unit would be shown now this and now that."""
    monkeypatch.setattr(module, "_WITHIN_S", 0.05)
    variants = OpenFeatureVariants(f"{HERE}:Hanging")
    for _ in range(6):
        assert await variants.variant(experiment(), "hash") is None
    hanging = [one for one in threading.enumerate() if one.name == "modelport-openfeature"]
    assert len(hanging) == 4
    assert all(one.daemon for one in hanging), "the process ends without them"
    unplugged.set()
    for one in hanging:
        one.join(10)
    assert caplog.text.count("catalogue.openfeature does not answer") == 1


@pytest.mark.parametrize("name", ["nowhere.at.all:make", f"{HERE}:nothing", f"{HERE}:asked"])
async def test_a_name_that_leads_nowhere_says_so(name: str) -> None:
    """With how to write it."""
    with pytest.raises(ConfigError, match="gives no provider") as caught:
        await OpenFeatureVariants(name).variant(experiment(), "hash")
    assert "package.module:factory" in (caught.value.hint or "")


async def test_dates_the_flag_and_the_namespace_are_still_the_signed_files(database: Database, tmp_path: Path) -> None:
    """The provider is asked about running experiments alone, and hears a keyed hash."""
    secret = InstallSecret(database, vault_of(database, tmp_path))
    experiments = Experiments(database, secret)
    units: dict[str, str | None] = {"team": "tea_1", "key": None}
    over = [experiment(killed=True), experiment(ends_at="2020-01-01"), experiment(starts_at="2099-01-01")]
    now_ms = SystemClock().now_ms()
    assert await experiments.shown(over, units, now_ms, provider=f"{HERE}:in_memory") == ()
    nobodys = experiment(namespace="order", slots=[0, 1])
    assert await experiments.shown([nobodys], units, now_ms, provider=f"{HERE}:in_memory") == ()
    assert asked == []
    (shown,) = await experiments.shown([experiment()], units, now_ms, provider=f"{HERE}:in_memory")
    assert (shown.effect.name, shown.unit_hash) == ("new", pseudonym(await secret.get(), "order-1", "tea_1"))
    assert asked == [(shown.unit_hash, {})]


def test_without_a_provider_openfeature_is_not_imported() -> None:
    """It is an extra; who has not asked for it does not load it."""
    code = "import sys, gateway.catalogue.recommend.service; sys.exit('openfeature' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
