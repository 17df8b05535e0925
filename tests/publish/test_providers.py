"""What each kind of registry says in its own way (preflight.md section 5), from a fake that answers as it does."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from gateway.publish.client import RegistryClient
from gateway.publish.credentials import Credential
from gateway.publish.destination import Destination
from gateway.publish.layout import Layout
from gateway.publish.memory import Memory
from gateway.publish.messages import PublishError
from gateway.publish.package import list_files
from gateway.publish.preflight import Preflight, Report
from gateway.publish.providers import Existence, provider_of
from gateway.publish.push import Push
from gateway.publish.reference import parse
from gateway.publish.service import Published
from gateway.upstream.egress import Egress, EgressPolicy
from tests.publish.publishing import Bench
from tests.publish.registries import login
from tests.publish.rogue import Rogue, rogue, says, scripted

_UPLOADS = "/v2/team/model/blobs/uploads/"
_OPENED = says(202, Location=f"{_UPLOADS}1")
_ASKS = says(401, WWW_Authenticate='Basic realm="x"')

HUB, GHCR, QUAY = "docker.io/team/model:v1", "ghcr.io/team/model:v1", "quay.io/team/model:v1"
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/model:v1"
GOOGLE, REPLICATE = "europe-docker.pkg.dev/team/model:v1", "r8.im/team/model:v1"
OLLAMA, HARBOR, OTHER = (
    "ollama.com/team/model:v1",
    "harbor.corp.example/team/model:v1",
    "registry.example/team/model:v1",
)

Reply = Callable[[web.Request], web.Response]


def errors(status: int, code: str, message: str) -> Reply:
    """Return a refusal as registries write it."""
    return says(status, json.dumps({"errors": [{"code": code, "message": message}]}))


class Place:
    """A reference of a hosted registry whose requests go to a fake."""

    def __init__(self, text: str, fake: Rogue, folder: Path, credential: Credential | None) -> None:
        self.reference = parse(text)
        self.memory = Memory(folder)
        self._egress = Egress(EgressPolicy())
        client = RegistryClient(
            self._egress, place=self.reference.registry, api=fake.place, plain_http=True, credential=credential
        )
        self.destination = Destination(client, self.reference, provider_of(self.reference))

    async def check(self) -> Report:
        """Return what a check finds."""
        try:
            return await Preflight(self.destination, self.memory).run()
        finally:
            await self._egress.close()

    async def push(self, bench: Bench) -> PublishError | None:
        """Return how a push without a check ends."""
        package = await Layout(bench.directory, home=bench.home).package(list_files(bench.directory)[0])
        try:
            await Push(self.destination, package, self.memory).run()
        except PublishError as error:
            return error
        finally:
            await self._egress.close()
        return None


REFUSED: list[tuple[str, dict[str, Reply], str]] = [
    (
        HUB, {"post": errors(401, "UNAUTHORIZED", "authentication required")},
        "Docker Hub lets team be pushed to by its own members only.",
    ),
    (
        HUB, {"post": errors(403, "DENIED", "requested access to the resource is denied")},
        "Docker Hub lets team be pushed to by its own members only.",
    ),
    (
        HUB, {"head": says(429, Retry_After="60")},
        "docker.io answers 429, too many requests. Wait 60 s and try again.",
    ),
    (
        HUB, {"post": errors(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.")},
        "docker.io answers 429, too many requests: You have reached your pull rate limit. Wait and try again.",
    ),
    (
        GHCR, {"head": says(403)},
        ("The package exists but this token has no write role; see the package's access settings at"
        " https://github.com/orgs/team/packages."),
    ),
    (
        GHCR, {"post": errors(403, "DENIED", "permission_denied: write_package")},
        ("The package exists but this token has no write role; see the package's access settings at"
        " https://github.com/orgs/team/packages."),
    ),
    (
        HARBOR, {"post": errors(404, "NOT_FOUND", "project team not found")},
        "Harbor has no project team: make it at https://harbor.corp.example/harbor/projects.",
    ),
    (
        QUAY, {"post": errors(401, "UNAUTHORIZED", "access to the requested resource is not authorized")},
        "The account may not write to team/model on Quay.",
    ),
    (
        ECR, {"post": errors(404, "NAME_UNKNOWN", "The repository with name 'team/model' does not exist")},
        "Repository team/model does not exist. Create it: aws ecr create-repository --repository-name team/model",
    ),
    (
        ECR, {"post": errors(403, "DENIED", "not authorized to perform: ecr:InitiateLayerUpload")},
        "The AWS role lacks ecr:InitiateLayerUpload or ecr:PutImage on team/model.",
    ),
    (
        GOOGLE, {"post": errors(404, "NAME_UNKNOWN", 'Repository "team" not found')},
        "Repository team/model does not exist. Create it: gcloud artifacts repositories create",
    ),
    (
        OLLAMA, {"post": errors(403, "DENIED", "access denied")},
        "Push under the namespace that is your user name at ollama.com; team is not yours.",
    ),
    (
        OTHER, {"post": errors(404, "NAME_UNKNOWN", "repository name not known to registry")},
        "Repository team/model does not exist. Create it in the registry's own interface.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("place", "answers", "message"), REFUSED)
async def test_a_refusal_says_what_to_do_there(
    tmp_path: Path, bench: Bench, place: str, answers: dict[str, Reply], message: str
) -> None:
    """PUB-2: the check and the push give the same sentence (PUB-7)."""
    async with rogue(scripted(ping=_ASKS, delete=says(204), **answers)) as fake:
        report = await Place(place, fake, tmp_path / "a", login()).check()
        pushed = await Place(place, fake, tmp_path / "b", login()).push(bench)
    assert report.error is not None
    assert report.error.message == message
    assert pushed is not None
    assert pushed.message == message


KEPT_OUT: list[tuple[str, Reply, str, str]] = [
    (
        HARBOR, errors(412, "PRECONDITION", "Failed to process request due to 'model:v1' configured as immutable."),
        "Preflight cannot see quota and immutable tags.",
        ("The registry keeps team/model:v1 as it is (412: Failed to process request due to 'model:v1' configured as"
        " immutable). Preflight cannot see immutable tags; use a new tag."),
    ),
    (
        HARBOR,
        errors(403, "DENIED", "adding 1.0 MiB of storage resource, which will exceed the configured upper limit"),
        "Preflight cannot see quota and immutable tags.",
        ("The registry accepted the upload but could not keep it (403: adding 1.0 MiB of storage resource, which will"
        " exceed the configured upper limit). Preflight cannot see quota."),
    ),
    (
        QUAY, errors(403, "DENIED", "Quota has been exceeded on namespace"),
        "Preflight cannot see quota and disk space.",
        ("The registry accepted the upload but could not keep it (403: Quota has been exceeded on namespace). Preflight"
        " cannot see quota."),
    ),
    (
        ECR, errors(409, "TAG_INVALID", "the tag v1 already exists and the repository is immutable"),
        "Preflight cannot see immutable tags and quota.",
        ("The registry keeps team/model:v1 as it is (409: the tag v1 already exists and the repository is immutable)."
        " Preflight cannot see immutable tags; use a new tag."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("place", "manifest", "unproved", "message"), KEPT_OUT)
async def test_what_only_the_push_sees_was_said_before(
    tmp_path: Path, bench: Bench, place: str, manifest: Reply, unproved: str, message: str
) -> None:
    """Immutable tags and quota: the one place where check and push differ, and the check says so."""

    def put(request: web.Request) -> web.Response:
        return manifest(request) if "manifests" in request.path else web.Response(status=201)

    async with rogue(scripted(ping=_ASKS, post=_OPENED, put=put, delete=says(204))) as fake:
        report = await Place(place, fake, tmp_path / "a", login()).check()
        pushed = await Place(place, fake, tmp_path / "b", login()).push(bench)
    assert (report.error, report.stages[-1].message) == (None, unproved)
    assert pushed is not None
    assert pushed.message == message


LOGINS = {
    HUB: "Make a token at https://hub.docker.com/settings/security, then: modelport registry login docker.io.",
    GHCR: "Make a classic token with write:packages, then: modelport registry login ghcr.io.",
    ECR: f"Log in: aws ecr get-login-password | modelport registry login {ECR.partition('/')[0]} --username AWS"
    " --password-stdin.",
    GOOGLE: "Log in: gcloud auth print-access-token | modelport registry login europe-docker.pkg.dev --username"
    " oauth2accesstoken --password-stdin.",
    REPLICATE: "Take a token from https://replicate.com/account/api-tokens, then: modelport registry login r8.im.",
    QUAY: "Make a robot account with write rights at https://quay.io, then: modelport registry login quay.io.",
    OTHER: "Log in: modelport registry login registry.example.",
}


@pytest.mark.parametrize("place", LOGINS)
async def test_who_has_no_login_is_told_how_to_get_one_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """PUB-2: `login_hint`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("DOCKER_CONFIG", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    async with rogue(scripted(ping=_ASKS, head=_ASKS, post=_ASKS)) as fake:
        report = await Place(place, fake, tmp_path / "a", None).check()
    assert report.error is not None
    assert report.error.message == (
        f"Registry {place.partition('/')[0]} asks for credentials (401), and there are none. {LOGINS[place]} Looked in"
        " ~/.docker/config.json."
    )


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (HUB, Existence.CREATES_ON_PUSH),
        (GHCR, Existence.CREATES_ON_PUSH),
        (REPLICATE, Existence.CREATES_ON_PUSH),
        (OLLAMA, Existence.CREATES_ON_PUSH),
        (ECR, Existence.ABSENT),
        (GOOGLE, Existence.ABSENT),
    ],
)
async def test_a_repository_that_is_not_there_is_a_notice_where_a_push_makes_it(
    tmp_path: Path, place: str, expected: Existence
) -> None:
    """Section 2: on registries that create on push existence is advice; no hosted one is asked for all its names."""
    unknown = errors(404, "NAME_UNKNOWN", "repository name not known to registry")
    async with rogue(scripted(ping=_ASKS, get=unknown, post=_OPENED, delete=says(204))) as fake:
        here = Place(place, fake, tmp_path / "a", login("team"))
        found, close = await here.destination.existence()
        report = await here.check()
        assert [path for path in fake.asked("GET") if "_catalog" in path] == []
    assert (found, close) == (expected, ())
    told = [one.message for one in report.stages if one.stage == "existence"]
    assert told == (
        ["Repository team/model does not exist yet; the push makes it."] if expected != Existence.ABSENT else []
    )
    assert report.error is None


async def test_a_mount_names_where_from(tmp_path: Path, bench: Bench) -> None:
    """Quay refuses a mount without `from`: both are always sent."""
    opened = []

    def post(request: web.Request) -> web.Response:
        opened.append(dict(request.query))
        complete = {"mount", "from"} <= request.query.keys()
        return web.Response(status=201 if complete else 400)

    async with rogue(scripted(ping=_ASKS, post=post, put=says(201))) as fake:
        here = Place(QUAY, fake, tmp_path / "a", login())
        package = await Layout(bench.directory, home=bench.home).package(list_files(bench.directory)[0])
        digests = [json.loads(package.manifest)["config"]["digest"], *(one.digest for one in package.layers)]
        here.memory.keep_blobs("quay.io", "team/other", digests)
        assert await here.push(bench) is None
    assert {one["from"] for one in opened} == {"team/other"}
    assert {one["mount"] for one in opened} == set(digests)


async def test_another_users_namespace_is_noticed_first(tmp_path: Path) -> None:
    """Ollama: the namespace is the user's name."""
    async with rogue(scripted(ping=_ASKS, post=_OPENED, delete=says(204))) as fake:
        other = await Place(OLLAMA, fake, tmp_path / "a", login("alice")).check()
        own = await Place(OLLAMA, fake, tmp_path / "b", login("team")).check()
    told = [(one.verdict, one.message) for one in other.stages if one.code == "foreign_namespace"]
    assert told == [("warn", 'Ollama takes pushes under your own name: did you mean "alice/model"?')]
    assert [one for one in own.stages if one.code == "foreign_namespace"] == []


@pytest.mark.parametrize(
    ("place", "page"),
    [
        (HUB, "https://hub.docker.com/r/team/model/tags"),
        (GHCR, "https://github.com/team?tab=packages"),
        (QUAY, "https://quay.io/repository/team/model?tab=tags"),
        (REPLICATE, "https://replicate.com/team/model"),
        (OLLAMA, "https://ollama.com/team/model"),
        (ECR, None),
        (OTHER, None),
    ],
)
def test_a_pushed_package_has_a_page_where_the_registry_has_some(place: str, page: str | None) -> None:
    """PUB-2: `success_url`, on stderr and in the last line of `-o json`; none before the push."""
    assert Published(parse(place), digest="sha256:1").data["page"] == page
    assert Published(parse(place)).data["page"] is None


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("docker.io", "Docker Hub"), ("index.docker.io", "Docker Hub"), ("ghcr.io", "GHCR"), ("quay.io", "Quay"),
        ("quay.corp.example", "Quay"), ("public.ecr.aws", "ECR"), ("eu.gcr.io", "Artifact Registry"),
        ("r8.im", "Replicate"), ("registry.ollama.ai", "Ollama"), ("harbor.corp.example", "Harbor"),
        ("evil-docker.io", "registry"), ("docker.io.evil.example", "registry"), ("localhost:5000", "registry"),
    ],
)  # fmt: skip
def test_a_registry_is_known_by_its_host(host: str, name: str) -> None:
    """Whole names, so that no stranger passes for one; the generic one takes the rest."""
    assert provider_of(parse(f"{host}/team/model")).name == name
