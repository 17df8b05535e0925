"""What keys may do, said by a file: the key is made elsewhere, and no secret stands in the file."""

import pytest

from gateway.api.permissions import Role
from gateway.configuration.finding import ConfigurationError
from gateway.declared.reconcile import Reconciler
from gateway.errors import Conflict
from gateway.keys.model import KeyInput, KeyPatch, RotateQuery
from gateway.keys.ring import KeyRing
from gateway.keys.service import KeyService
from gateway.registry.service.registry_service import RegistryService
from tests.clock import ManualClock
from tests.declared.files import declared

LIMITS = "keys:\n  ci-bot: {team: default, role: viewer, models: [qwen3], expires_at: 2027-02-01}\n"


async def test_limits_are_in_force_at_once_and_released_with_the_line(
    reconciler: Reconciler, keys: KeyService, ring: KeyRing, clock: ManualClock
) -> None:
    """The very next request is judged by them; without the line the key keeps them and is the API's again."""
    record, minted = await keys.create(KeyInput(name="ci-bot"), None)
    outcome = await reconciler.apply(declared(LIMITS))
    assert outcome.changes == ("~ key ci-bot", "~ key ci-bot: role, models, expires_at")
    who = ring.verify(minted.text.reveal(), peer=None, now_ms=clock.now_ms())
    assert (who.role, who.models) == (Role.VIEWER, ("qwen3",))
    kept = await keys.get(record.id, None)
    assert (kept.managed_at, kept.expires_at, kept.rev) == ("modelport.yaml:2", 1_801_440_000_000, record.rev + 1)
    assert (await reconciler.apply(declared(LIMITS))).changes == ()
    assert (await reconciler.apply(declared("keys: {}\n"))).changes == ("- key ci-bot",)
    kept = await keys.get(record.id, None)
    assert (kept.managed_by, kept.role, kept.models) == (None, Role.VIEWER, ("qwen3",))


async def test_where_a_keys_user_is_may_be_said_and_unsaid(reconciler: Reconciler, keys: KeyService) -> None:
    """A region that the file leaves out stays; null is the configuration's."""
    record, _ = await keys.create(KeyInput(name="ci-bot", region="us"), None)
    await reconciler.apply(declared("keys:\n  ci-bot: {role: viewer}\n"))
    assert (await keys.get(record.id, None)).region == "us"
    outcome = await reconciler.apply(declared("keys:\n  ci-bot: {region: eu}\n"))
    assert outcome.changes == ("~ key ci-bot: region",)
    assert (await keys.get(record.id, None)).region == "eu"
    await reconciler.apply(declared("keys:\n  ci-bot: {region: null}\n"))
    assert (await keys.get(record.id, None)).region is None


async def test_a_declared_key_is_not_edited_but_can_be_ended(reconciler: Reconciler, keys: KeyService) -> None:
    """A leaked key is revoked and rotated by whoever sees it, whatever the file says."""
    record, _ = await keys.create(KeyInput(name="ci-bot"), None)
    await reconciler.apply(declared(LIMITS))
    for refused in (
        keys.change(record.id, KeyPatch(models=("*",)), None),
        keys.rotate(record.id, RotateQuery(expires_in_days=9), None),
        keys.delete(record.id, None),
    ):
        with pytest.raises(Conflict, match=r"key 'ci-bot' is declared in modelport.yaml:2"):
            await refused
    await keys.rotate(record.id, RotateQuery(), None)
    assert (await keys.revoke(record.id, None)).revoked_at is not None


async def test_a_key_that_is_not_made_yet_waits(reconciler: Reconciler, keys: KeyService) -> None:
    """It is told, it forbids nothing, and its limits come when it is there."""
    outcome = await reconciler.apply(declared(LIMITS))
    (waiting,) = outcome.waiting
    assert str(waiting) == (
        "modelport.yaml:2: keys.ci-bot: there is no key of the name 'ci-bot' in team 'default'; "
        "make it: modelport keys create ci-bot; its limits then come from here"
    )
    await keys.create(KeyInput(name="ci-bot"), None)
    outcome = await reconciler.apply(declared(LIMITS))
    assert (outcome.waiting, len(outcome.changes)) == ((), 2)


async def test_two_keys_of_one_name_are_told_apart_by_their_team(
    reconciler: Reconciler, keys: KeyService, service: RegistryService
) -> None:
    """Without the team it is a finding: the file would limit any of them."""
    await reconciler.apply(declared("teams: {lab: {}}\n"))
    await keys.create(KeyInput(name="ci-bot"), None)
    await keys.create(KeyInput(name="ci-bot", team="lab"), None)
    assert service.registry.snapshot.has_team("lab")
    with pytest.raises(ConfigurationError, match="2 keys have the name 'ci-bot'"):
        await reconciler.apply(declared("teams: {lab: {}}\nkeys:\n  ci-bot: {role: viewer}\n"))
    outcome = await reconciler.apply(declared("teams: {lab: {}}\nkeys:\n  ci-bot: {team: lab, role: viewer}\n"))
    assert outcome.changes == ("~ key lab/ci-bot", "~ key lab/ci-bot: role")
