"""Several servers on one database: the same file is no quarrel, another one is a finding and never takes turns."""

import pytest

from gateway.configuration.finding import ConfigurationError
from gateway.declared.lease import LEASE_MS, RENEW_MS
from gateway.registry.service.registry_service import RegistryService
from tests.clock import ManualClock
from tests.declared.conftest import Servers
from tests.declared.files import declared

ONE = "models:\n  a: {}\n"
OTHER = "models:\n  b: {}\n"


async def test_servers_with_the_same_file_have_one_that_declares(server: Servers) -> None:
    """The second one writes nothing and says who does."""
    await server("host-a:/m.yaml").apply(declared(ONE))
    outcome = await server("host-b:/m.yaml").apply(declared("# the same\n" + ONE))
    assert (outcome.changes, outcome.other) == ((), "host-a:/m.yaml")


async def test_servers_with_different_files_do_not_take_turns(
    server: Servers, service: RegistryService, clock: ManualClock
) -> None:
    """As long as the first one lives, the second changes nothing, however often it tries."""
    first, second = server("host-a:/m.yaml"), server("host-b:/m.yaml")
    await first.apply(declared(ONE))
    for _ in range(10):
        clock.advance(RENEW_MS / 1000)
        await first.renew(declared(ONE).digest)
        with pytest.raises(ConfigurationError, match=r"declared by host-a:/m\.yaml, whose file says something else"):
            await second.apply(declared(OTHER))
    assert service.registry.snapshot.names("default") == ("a",)


async def test_the_other_follows_when_the_first_has_been_silent(
    server: Servers, service: RegistryService, clock: ManualClock
) -> None:
    """A rolling update: new pods with the new file, and the old ones go."""
    await server("host-a:/m.yaml").apply(declared(ONE))
    clock.advance(LEASE_MS / 1000)
    outcome = await server("host-b:/m.yaml").apply(declared(OTHER))
    assert outcome.changes == ("+ model b", "- model a")
    with pytest.raises(ConfigurationError, match="host-b"):
        await server("host-a:/m.yaml").apply(declared(ONE))
    assert service.registry.snapshot.names("default") == ("b",)


async def test_a_restart_keeps_the_lease(server: Servers, clock: ManualClock) -> None:
    """The same host and file is the same one, also when its file has changed meanwhile."""
    await server("host-a:/m.yaml").apply(declared(ONE))
    clock.advance(1)
    assert (await server("host-a:/m.yaml").apply(declared(OTHER))).changes == ("+ model b", "- model a")


async def test_a_file_without_the_sections_leaves_others_alone(
    server: Servers, service: RegistryService, clock: ManualClock
) -> None:
    """It says nothing about objects; only whoever declared them takes them away by leaving the sections out."""
    await server("host-a:/m.yaml").apply(declared(ONE))
    clock.advance(LEASE_MS / 1000)
    assert (await server("host-b:/m.yaml").apply(declared("version: 1\n"))).changes == ()
    assert service.registry.snapshot.names("default") == ("a",)
    assert (await server("host-a:/m.yaml").apply(declared("version: 1\n"))).changes == ("- model a",)
