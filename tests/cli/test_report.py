import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.client import Api
from gateway.cli.failure import Failure
from tests.cli.program import Shell
from tests.cli.server import Server, running_server
from tests.discovery.servers import neighbours, talkative

_DATA = ("about", "config", "server", "doctor", "errors", "database")
_FILES = {"README.txt", "metrics.txt", *(f"{name}.json" for name in _DATA)}
PROMPT = "canary-prompt-5a1e"
STORED = "sk-canary-stored-0123456789abcdef"
VARIABLE = "canary-variable-77aa"


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server with secrets in every place that has some, and with a failed call."""
    folder = tmp_path_factory.mktemp("used")
    with running_server(folder) as server:
        api = Api(server.url, server.key)
        with neighbours() as here:  # gone when it is called
            base_url = f"http://localhost:{here.start(talkative('broken'))}/v1"
            api.post("/models", {"name": "broken", "endpoints": [{"base_url": base_url, "api_key": STORED}]})
        api.post("/keys", {"name": "somebody", "team": "default"})
        yield server


def _content(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def _everything(path: Path) -> str:
    return "\n".join(_content(path).values())


def test_a_report_holds_what_somebody_who_helps_needs(admin: Shell, used: Server) -> None:
    """Version, settings, findings, errors, numbers, revision; its path is on stdout."""
    shell = admin.having(MODELPORT_URL=used.url, MODELPORT_KEY=used.key)
    called = shell.run("call", "broken", PROMPT)
    assert called.code != 0
    ended = shell.run("report", "--data-dir", str(used.data_dir))
    assert ended.code == 0, ended.err
    path = shell.folder / ended.out.strip()
    content = _content(path)
    assert set(content) == _FILES
    assert json.loads(content["about.json"])["modelport"]
    assert json.loads(content["database.json"])["rows"]["models"] == 2
    assert {row["check"] for row in json.loads(content["doctor.json"])} >= {"python", "server", "upstreams"}
    errors = json.loads(content["errors.json"])["items"]
    assert [one["details"]["model"] for one in errors if one["event"] == "request"] == ["broken"]
    assert "modelport_requests_total" in content["metrics.txt"]
    assert path.stat().st_mode & 0o077 == 0
    assert "Look through it" in ended.err


def test_no_secret_is_in_the_report(admin: Shell, used: Server) -> None:
    """UX-18: keys, stored credentials, variables, passwords, the pepper, prompts: each planted, none found."""
    pepper = (used.data_dir / "pepper").read_text().strip()
    (admin.folder / "modelport.yaml").write_text(
        f"version: 1\ndata_dir: {used.data_dir}\n"
        "models: {x: {endpoints: [{base_url: 'http://localhost:1/v1', api_key: 'env:ODDLY_NAMED'}]}}\n"
    )
    shell = admin.having(
        MODELPORT_URL=used.url, MODELPORT_KEY=used.key, ODDLY_NAMED=VARIABLE, SOME_PASSWORD="canary-password-31"
    )
    shell.run("call", "broken", PROMPT)
    ended = shell.run("report", "all.zip", "-o", "json")
    assert ended.code == 0, ended.err
    text = _everything(shell.folder / "all.zip")
    planted = (used.key, STORED, VARIABLE, "canary-password-31", pepper, PROMPT, used.key.split("_")[3])
    assert [secret for secret in planted if secret in text] == []
    assert "canary" not in text
    assert set(json.loads(ended.out)["holds"]) == _FILES


@pytest.mark.parametrize(("role", "team"), [("publisher", None), ("admin", "default")])
def test_the_last_errors_are_for_who_sees_every_team(used: Server, role: str, team: str | None) -> None:
    """They are of every team: neither another role nor a key of one team sees them."""
    api = Api(used.url, used.key)
    assert isinstance(api.get("/errors").body["items"], list)
    key = api.post("/keys", {"name": "reader", "role": role, "team": team}).body["key"]
    with pytest.raises(Failure) as caught:
        Api(used.url, key).get("/errors")
    assert caught.value.exit_code == 4


def test_a_password_in_the_database_url_is_left_out(shell: Shell) -> None:
    """Nobody answers there, and the report is made all the same."""
    url = "postgresql://app:canary-db-9c@127.0.0.1:1/x?sslpassword=canary-ssl-9c"
    ended = shell.having(MODELPORT_DATABASE__URL=url).run("report", "r.zip")
    assert ended.code == 0, ended.err
    assert "canary" not in _everything(shell.folder / "r.zip") + ended.err


def test_a_report_is_made_without_server_and_with_a_broken_configuration(shell: Shell) -> None:
    """Then it is wanted most; secrets that stand in wrong places stay out."""
    (shell.folder / "modelport.yaml").write_text(
        "version: 1\nserver: {prot: 1}\nsecrets: {pepper: canary-pepper-0123456789}\ncanary-key-0123456789abcdef: 1\n"
    )
    ended = shell.run("report", "r.zip")
    assert ended.code == 0, ended.err
    content = _content(shell.folder / "r.zip")
    assert "modelport.yaml:2" in content["config.json"]
    assert "not_to_be_had" in content["errors.json"]
    assert "canary-pepper" not in "\n".join(content.values())


def test_a_file_that_exists_is_not_touched(shell: Shell) -> None:
    """Exit 2."""
    (shell.folder / "r.zip").write_bytes(b"mine")
    ended = shell.run("report", "r.zip")
    assert (ended.code, ended.out) == (2, "")
    assert (shell.folder / "r.zip").read_bytes() == b"mine"


def test_the_file_is_a_zip_that_others_read(shell: Shell) -> None:
    """Every member is whole."""
    shell.run("report", "r.zip")
    assert zipfile.ZipFile(io.BytesIO((shell.folder / "r.zip").read_bytes())).testzip() is None
