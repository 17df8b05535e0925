"""Logins that others made: files of docker and podman, helper programs, identity tokens."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from gateway.publish.credentials import Credential, find
from gateway.publish.messages import PublishError
from gateway.vault.secret import Secret
from tests.publish.publishing import Bench
from tests.publish.rogue import rogue

HELPER = """#!/bin/sh
echo "$1" >> {folder}/asked
read registry
echo "$registry" >> {folder}/asked
{answer}
"""
Logins = Callable[..., Path]


@pytest.fixture
def logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Logins:
    """Give what writes docker's file; nobody's own logins get in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))

    def write(*, podman: bool = False, **config: object) -> Path:
        path = tmp_path / ("run/containers/auth.json" if podman else ".docker/config.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config))
        return path

    return write


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Give what puts a docker-credential-fake on the path; what it was asked is in the file that is returned."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def make(answer: str) -> Path:
        program = folder / "docker-credential-fake"
        program.write_text(HELPER.format(folder=tmp_path, answer=answer))
        program.chmod(0o755)
        return tmp_path / "asked"

    return make


def _told(user: str, secret: str) -> str:
    return f"echo '{json.dumps({'ServerURL': 'x', 'Username': user, 'Secret': secret})}'"


def _shown(found: Credential | None) -> tuple[str, str, str, bool] | None:
    return None if found is None else (found.user, found.secret.reveal(), found.source, found.is_identity_token)


def _auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("registry", "key"),
    [
        ("registry.example:5000", "registry.example:5000"),
        ("registry.example", "https://registry.example"),
        ("registry.example", "https://registry.example/v1/"),
        ("docker.io", "https://index.docker.io/v1/"),
        ("registry-1.docker.io", "docker.io"),
    ],
)
def test_a_login_of_docker_is_found(logins: Logins, registry: str, key: str) -> None:
    """Under each name that docker gives a registry; of podman's file as well, docker's first."""
    logins(podman=True, auths={key: _auth("al", "of podman")})
    assert _shown(find(registry)) == ("al", "of podman", "~/run/containers/auth.json", False)
    logins(auths={key: _auth("al", "a:b")})
    assert _shown(find(registry)) == ("al", "a:b", "~/.docker/config.json", False)
    assert find("other.example") is None


def test_a_helper_is_asked_for_its_registries(logins: Logins, helper: Callable[[str], Path]) -> None:
    """`credHelpers` by registry, `credsStore` for all; Docker Hub by the name that it has there."""
    asked = helper(_told("al", "from the helper"))
    logins(credHelpers={"registry.example": "fake"}, auths={"other.example": _auth("al", "from the file")})
    assert _shown(find("registry.example")) == ("al", "from the helper", "docker-credential-fake", False)
    assert _shown(find("other.example")) == ("al", "from the file", "~/.docker/config.json", False)
    logins(credsStore="fake")
    assert find("docker.io") is not None
    assert asked.read_text().splitlines() == ["get", "registry.example", "get", "https://index.docker.io/v1/"]


@pytest.mark.parametrize("answer", ["echo credentials not found in native keychain; exit 1", "echo no json", "echo []"])
def test_a_helper_that_knows_nothing_is_passed_over(logins: Logins, helper: Callable[[str], Path], answer: str) -> None:
    """The file may know, as docker has it."""
    helper(answer)
    logins(credsStore="fake", auths={"registry.example": _auth("al", "from the file")})
    assert _shown(find("registry.example")) == ("al", "from the file", "~/.docker/config.json", False)
    assert find("other.example") is None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"credsStore": "absent"}, "docker-credential-absent cannot be used: it is not installed."),
        ({"credsStore": "../../bin/sh"}, "credsStore cannot be used: it names no helper."),
        ({"auths": {"r.example": {"auth": "%%%"}}}, "~/.docker/config.json cannot be used: an auth is no base64."),
    ],
)
def test_a_login_that_cannot_be_used_is_one_sentence(logins: Logins, config: dict[str, object], message: str) -> None:
    """Which file or program, and why."""
    logins(**config)
    with pytest.raises(PublishError) as caught:
        find("r.example")
    assert caught.value.message == message


def test_a_file_that_is_no_json_is_named(logins: Logins) -> None:
    """It is somebody's own, and is never overwritten."""
    logins().write_text("{")
    with pytest.raises(PublishError) as caught:
        find("r.example")
    assert caught.value.message == "~/.docker/config.json cannot be used: it is no JSON."


def test_identity_tokens_are_known_as_such(logins: Logins, helper: Callable[[str], Path]) -> None:
    """In a file as `identitytoken`, from a helper under the user `<token>`."""
    logins(auths={"r.example": {"identitytoken": "refresh-1"}})
    assert _shown(find("r.example")) == ("<token>", "refresh-1", "~/.docker/config.json", True)
    helper(_told("<token>", "refresh-2"))
    logins(credsStore="fake")
    assert _shown(find("r.example")) == ("<token>", "refresh-2", "docker-credential-fake", True)


async def test_an_identity_token_is_exchanged_and_never_sent_to_the_registry(bench: Bench) -> None:
    """Distribution's OAuth2 form: refresh_token for an access token; only the access token goes to the registry."""
    forms: list[dict[str, list[str]]] = []

    async def tokens(request: web.Request) -> web.StreamResponse:
        forms.append(parse_qs((await request.read()).decode()))
        return web.json_response({"access_token": "short-lived"})

    async with rogue(tokens) as server:
        challenge = {"WWW-Authenticate": f'Bearer realm="http://{server.place}/t",service="svc"'}

        async def answer(request: web.Request) -> web.StreamResponse:
            await request.read()
            if request.headers.get("Authorization") != "Bearer short-lived":
                return web.Response(status=401, headers=challenge)
            if request.method == "POST":
                return web.Response(status=202, headers={"Location": "/v2/team/model/blobs/uploads/1"})
            return web.Response(status=204 if request.method == "DELETE" else 404)

        async with rogue(answer) as registry:
            token = Credential("<token>", Secret("refresh-1"), "docker-credential-fake", is_identity_token=True)
            report = await bench.check(f"{registry.place}/team/model:v1", token)
    assert report.error is None
    assert forms == [
        {
            "grant_type": ["refresh_token"],
            "service": ["svc"],
            "client_id": ["modelport"],
            "scope": ["repository:team/model:pull,push,delete"],
            "refresh_token": ["refresh-1"],
        }
    ]
    assert set(registry.credentials) == {"Bearer short-lived"}
    assert (server.asked("POST"), server.credentials) == (["/t"], [])


async def test_an_identity_token_that_is_refused_says_where_it_came_from(bench: Bench) -> None:
    """It has run out: log in again."""

    async def tokens(_: web.Request) -> web.StreamResponse:
        return web.json_response({"details": "unauthorized"}, status=401)

    async with rogue(tokens) as server:
        challenge = {"WWW-Authenticate": f'Bearer realm="http://{server.place}/t",service="svc"'}

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(status=401, headers=challenge)

        async with rogue(answer) as registry:
            token = Credential("<token>", Secret("refresh-1"), "docker-credential-fake", is_identity_token=True)
            report = await bench.check(f"{registry.place}/team/model:v1", token)
    assert report.error is not None
    assert report.error.message == (
        f'Registry refused user "<token>" (401). Log in again: modelport registry login {registry.place}. Credentials'
        " came from docker-credential-fake."
    )
