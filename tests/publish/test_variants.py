from pathlib import Path

import pytest

from gateway.publish.credentials import Credential
from gateway.publish.messages import PublishError
from gateway.publish.preflight import Level, Stage
from gateway.publish.service import Published
from tests.publish.publishing import Bench, verdicts
from tests.publish.registries import Registry, login

_NO_UPLOADS = "{place} accepts no uploads (405): it is read-only or a pull-through cache."
_REFUSED = (
    'Registry refused user "{user}" (401). Log in again: modelport registry login {place}. Credentials came from'
    " ~/.docker/config.json."
)
_ANONYMOUS = (
    "Registry {place} asks for credentials (401), and there are none. Log in: modelport registry login {place}. Looked"
    " in ~/.docker/config.json."
)
_PULL_ONLY = (
    'User "puller" may pull from team/{name} but not push (token scope: pull). Ask for push, or publish under a'
    " namespace you own."
)
_NO_PUSH = 'User "stranger" may not push to team/{name} (401). Ask for push, or publish under a namespace you own.'

# Registry, login, and the message of check and push; None: both succeed.
VARIANTS: list[tuple[str, str, Credential | None, str | None]] = [
    ("open", "registry", None, None),
    ("password", "guarded", login(), None),
    ("wrong password", "guarded", login(password="wrong"), _REFUSED.replace("{user}", "publisher")),
    ("no credentials", "guarded", None, _ANONYMOUS),
    ("read-only", "read_only", None, _NO_UPLOADS),
    ("pull-through cache", "cache", None, _NO_UPLOADS),
    ("deletes off", "keeping", None, None),
    ("token, all rights", "with_tokens", login("owner"), None),
    ("token, push without delete", "with_tokens", login("pusher"), None),
    ("token, pull only", "with_tokens", login("puller"), _PULL_ONLY),
    ("token, no rights", "with_tokens", login("stranger"), _NO_PUSH),
    ("token, wrong password", "with_tokens", login("owner", "wrong"), _REFUSED.replace("{user}", "owner")),
    ("token, anonymous", "with_tokens", None, _ANONYMOUS),
]
_CANNOT_CANCEL = "token, push without delete"


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's own logins get in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCKER_CONFIG", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("name", "fixture", "credential", "text"), VARIANTS, ids=[name for name, *_ in VARIANTS])
async def test_check_agrees_with_push(
    request: pytest.FixtureRequest,
    bench: Bench,
    name: str,
    fixture: str,
    credential: Credential | None,
    text: str | None,
) -> None:
    """PUB-5, PUB-7: what the check says, the push meets, in the same words; each open session is told."""
    registry: Registry = request.getfixturevalue(fixture)
    repository = f"team/{''.join(one if one.isalnum() else '-' for one in name.replace(',', ''))}"
    place = f"{registry.place}/{repository}:v1"
    expected = text and text.format(place=registry.place, name=repository.partition("/")[2])

    report = await bench.check(place, credential)
    told = [one.split()[2] for one in report.left_behind]
    pushed = await bench.push(place, credential)

    assert (report.error and report.error.message) == expected
    assert (pushed.message if isinstance(pushed, PublishError) else None) == expected
    assert registry.sessions(repository) == told
    assert bool(told) == (name == _CANNOT_CANCEL)
    assert registry.tags(repository) == ([] if expected else ["v1"])


@pytest.mark.parametrize(("fixture", "user"), [("registry", None), ("with_tokens", "owner")])
async def test_full_trial_takes_everything_back(
    request: pytest.FixtureRequest, bench: Bench, fixture: str, user: str | None
) -> None:
    """PUB-3: where deletes are allowed a package is pushed and is gone afterwards."""
    registry: Registry = request.getfixturevalue(fixture)
    report = await bench.check(f"{registry.place}/team/full:v1", login(user) if user else None, level=Level.FULL)
    assert verdicts(report)["full"] == "pass"
    assert (report.left_behind, registry.tags("team/full"), registry.sessions("team/full")) == ([], [], [])


@pytest.mark.parametrize(
    ("fixture", "user", "why"), [("keeping", None, "the registry"), ("with_tokens", "pusher", "this login")]
)
async def test_full_trial_is_refused_where_its_tag_would_stay(
    request: pytest.FixtureRequest, bench: Bench, fixture: str, user: str | None, why: str
) -> None:
    """PUB-3: without the right to delete nothing is pushed, and that is said."""
    registry: Registry = request.getfixturevalue(fixture)
    report = await bench.check(f"{registry.place}/team/kept:v1", login(user) if user else None, level=Level.FULL)
    last = next(stage for stage in report.stages if stage.stage == "full")
    assert (last.verdict, last.message) == (
        "unproved",
        f"No trial push was made: {why} may not delete, and its tag would stay for ever.",
    )
    assert registry.tags("team/kept") == []


async def test_a_full_disk_is_seen_by_the_push_alone(small: Registry, bench: Bench) -> None:
    """Quota and disk are the one thing that a check cannot see: it says so, and so does the push's error."""
    report = await bench.check(small.place)
    assert (report.verdict, report.stages[-1].message) == ("pass", "Preflight cannot see quota and disk space.")
    publisher = bench.publisher(small.place, skip_preflight=True)
    with pytest.raises(PublishError) as caught:
        await publisher.run()
    assert caught.value.message == (
        "The registry accepted the upload but could not keep it (500: no space left on device). Preflight cannot see"
        " quota."
    )
    told = {one.split()[2] for one in publisher.outcome.left_behind}
    assert set(small.sessions("team/model")) <= told
    assert publisher.kept().startswith("Nothing was lost: 5 layers (103.0 kB) stay packaged in ~/")
    assert "; the next push sends only what the registry lacks. Still to send: " in publisher.kept()


async def test_a_session_level_check_waits_five_times_at_most(
    registry: Registry, guarded: Registry, with_tokens: Registry, bench: Bench
) -> None:
    """Greeting, token, tag, open, cancel: the existence of the repository is asked meanwhile."""
    waits = [
        (await bench.check(f"{registry.place}/team/waits:v1")).round_trips,
        (await bench.check(f"{guarded.place}/team/waits:v1", login())).round_trips,
        (await bench.check(f"{with_tokens.place}/team/waits:v1", login("owner"))).round_trips,
    ]
    assert waits == [4, 4, 5]


async def test_a_check_that_passed_is_good_for_a_while(guarded: Registry, bench: Bench) -> None:
    """PUB-10: a push soon after a check does not try again; another password does; a check always does."""
    place = f"{guarded.place}/team/remembered:v1"
    await bench.check(place, login())
    stages = [(await bench.check(place, login())).stages, await _stages(bench, place, login())]
    codes = [{stage.stage: stage.code for stage in one}.get("session") for one in stages]
    assert codes == ["took_back", "remembered"]
    other = await _stages(bench, place.replace("v1", "v2"), login(password="wrong"))
    assert other[-1].code == "refused_user"


async def test_the_same_package_is_not_pushed_twice(registry: Registry, bench: Bench) -> None:
    """PUB-6: same digest, nothing to do; another one is refused, naming it, unless it may be overwritten."""
    place = f"{registry.place}/team/twice:v1"
    first = await bench.push(place)
    assert isinstance(first, Published)
    assert (await bench.check(place)).is_published
    (bench.directory / "README.md").write_text("changed\n")
    report = await bench.check(place)
    assert report.error is not None
    assert report.error.message == f"team/twice:v1 already exists ({first.digest}). Use a new tag or --overwrite."
    refused = await bench.push(place)
    assert isinstance(refused, PublishError)
    assert f"already exists ({first.digest})" in refused.message
    assert (await bench.check(place, overwrite=True)).error is None
    second = await bench.push(place, overwrite=True)
    assert isinstance(second, Published)
    assert second.digest != first.digest
    assert len(second.found) == 4  # only the file that changed and the config went over the wire


async def test_a_close_name_is_told_before_a_repository_is_made(registry: Registry, bench: Bench) -> None:
    """Existence is advice: the slip of a pen would otherwise make a new repository."""
    await bench.push(f"{registry.place}/team/qwen-close:v1")
    report = await bench.check(f"{registry.place}/team/qwen-clsoe:v1")
    stage = next(one for one in report.stages if one.stage == "existence")
    assert (stage.verdict, report.verdict) == ("warn", "pass")
    assert stage.message == (
        "Repository team/qwen-clsoe does not exist yet; the push makes it. Close names here: team/qwen-close."
    )


async def _stages(bench: Bench, place: str, credential: Credential) -> list[Stage]:
    done = await bench.publisher(place, credential).run()
    assert done.report is not None
    return list(done.report.stages)
