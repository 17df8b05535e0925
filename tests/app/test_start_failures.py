"""A start that cannot be: exit code 2, one sentence that says what and what to do, no trace, nothing on stdout."""

import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.app import Modelport
from gateway.configuration.loading import load
from gateway.errors import ConfigError
from tests.cli.program import Ended, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give a shell in an empty folder; a server that does start would run there for ever, so none must."""
    return Shell(tmp_path, {})


def refused(ended: Ended, *said: str) -> None:
    """Hold the end of a process to the rule of this file."""
    assert (ended.code, ended.out) == (2, ""), ended.err
    assert ended.err.startswith("Error: "), ended.err
    assert "Traceback" not in ended.err
    assert len(ended.err.splitlines()) <= 3, ended.err
    for text in said:
        assert text in ended.err, ended.err


@pytest.mark.parametrize("place", ["a-file/data", "/proc/modelport"])
def test_a_data_directory_that_cannot_be_made(shell: Shell, place: str) -> None:
    """The path and the reason."""
    (shell.folder / "a-file").touch()
    refused(shell.run("serve", "--port", "0", "--data-dir", place), place, "data_dir")


def test_a_data_directory_that_cannot_be_written(shell: Shell) -> None:
    """The database's path and the reason. A directory stands where the file should: root may write everywhere."""
    (shell.folder / "data" / "modelport.db").mkdir(parents=True)
    refused(shell.run("serve", "--port", "0", "--data-dir", "data"), "modelport.db", "directory")


def test_a_port_that_is_taken(shell: Shell) -> None:
    """The port, how to find its owner, and the flag (UX-2)."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused(shell.run("serve", "--port", str(port)), f"127.0.0.1:{port}", f"ss -ltnp 'sport = :{port}'", "--port")


@pytest.mark.parametrize(
    ("url", "root", "said"),
    [
        ("https://hub.example/", "gone.json", "cannot read"),
        ("https://hub.example/", "odd.json", "no root metadata"),
        ("https://me:secret@hub.example/", "", "user name"),
    ],
)
def test_a_hub_that_could_never_be_followed(shell: Shell, url: str, root: str, said: str) -> None:
    """Told at the start: later it would be a list that stays as it came."""
    (shell.folder / "odd.json").write_text("{}")
    variables = {"MODELPORT_CATALOGUE__URL": url} | ({"MODELPORT_CATALOGUE__ROOT": root} if root else {})
    ended = shell.having(**variables).run("serve", "--port", "0")
    refused(ended, "catalogue.", said)
    assert "secret" not in ended.err


def test_an_address_that_is_not_this_machines(shell: Shell) -> None:
    """192.0.2.0/24 belongs to nobody."""
    refused(shell.run("serve", "--host", "192.0.2.1", "--port", "0"), "192.0.2.1")


WRONG = (
    ("server:\n  port: 80\n prot: 1\n", "modelport.yaml:3: "),
    ("server:\n  prot: 3000\n", "server.prot"),
    ("server: {port: eighty}\n", "server.port"),
    ("server: {port: 70000}\n", "server.port"),
    ("server: {mount: '/a b/'}\n", "server.mount"),
    ("server: {public_origin: 'models.example.com'}\n", "server.public_origin"),
    ("server: {trusted_proxies: ['10.0.0.300']}\n", "server.trusted_proxies"),
    ("- a\n- b\n", "by name"),
    ("role: boss\n", "role"),
    ("version: 2\n", "version"),
    ("egress: {allow_networks: ['169.254.169.254/32']}\n", "egress.allow_networks"),
    ("egress: {allow_hosts: ['10.0.0.1']}\n", "egress.allow_networks"),
    ("secrets: {pepper: 'env:NOT_SET'}\n", "NOT_SET"),
    ("secrets: {pepper: 'hunter2-hunter2'}\n", "secrets.pepper"),
    ("secrets: {kek: 'file:missing'}\n", "missing"),
    ("database: {url: 'mysql://localhost/x'}\n", "database.url"),
    ("database: {url: 'nonsense'}\n", "database.url"),
    ("database: {url: 'sqlite://'}\n", "database.url"),
)


@pytest.mark.parametrize(("text", "said"), WRONG, ids=lambda value: str(value).strip().replace("\n", " "))
async def test_a_configuration_that_is_wrong(tmp_path: Path, text: str, said: str, process_settings: None) -> None:
    """The setting by its path in one line; a value that may be a secret is not repeated."""
    del process_settings
    path = tmp_path / "modelport.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        await _start(path, tmp_path)
    told = f"{refused.value.message} {refused.value.hint}"
    assert said in told
    assert "\n" not in told
    assert "hunter2" not in told


async def _start(path: Path, folder: Path) -> None:
    settings = load(path, flags={"data_dir": folder / "data"}, environment={}).settings
    product = Modelport(settings, environment={})
    try:
        await product.start()
    finally:
        await product.stop()


@pytest.mark.parametrize("row", [1, 10, 12])
def test_a_configuration_that_is_wrong_ends_the_process(shell: Shell, row: int) -> None:
    """While it is read, while services are made, while secrets are looked for."""
    text, said = WRONG[row]
    (shell.folder / "modelport.yaml").write_text(text)
    refused(shell.run("serve", "--data-dir", "data", "--config", "modelport.yaml"), said)


def test_a_configuration_that_is_missing(shell: Shell) -> None:
    """Whoever names a file means it."""
    refused(shell.run("serve", "--config", "nowhere.yaml"), "nowhere.yaml", "No such file")
    refused(shell.having(MODELPORT_CONFIG="nowhere.yaml").run("serve"), "nowhere.yaml")


def test_a_variable_with_a_wrong_value(shell: Shell) -> None:
    """Named like the setting that it stands for."""
    refused(shell.having(MODELPORT_SERVER__PORT="many").run("serve"), "server.port")


def test_a_misspelt_variable(shell: Shell) -> None:
    """It is not passed over; the nearest name is suggested."""
    refused(shell.having(MODELPORT_SERVRE__PORT="0").run("serve"), "MODELPORT_SERVRE__PORT", "MODELPORT_SERVER__PORT")


def test_a_database_that_is_newer(shell: Shell, sqlite_template: Path) -> None:
    """Nothing is changed in it, and both revisions are named."""
    data = shell.folder / "data"
    data.mkdir()
    shutil.copyfile(sqlite_template, data / "modelport.db")
    with closing(sqlite3.connect(data / "modelport.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    refused(shell.run("serve", "--port", "0", "--data-dir", "data"), "9999", "newer")


def test_a_file_that_is_no_database(shell: Shell) -> None:
    """Whatever stands there is not overwritten."""
    data = shell.folder / "data"
    data.mkdir()
    (data / "modelport.db").write_text("my shopping list, longer than a header of SQLite " * 5)
    refused(shell.run("serve", "--port", "0", "--data-dir", "data"), "modelport.db", "not a database")
    assert (data / "modelport.db").read_text().startswith("my shopping list")


def test_a_database_server_that_does_not_answer(shell: Shell) -> None:
    """The address without its password."""
    url = "postgresql://modelport:hunter2@127.0.0.1:9/modelport"
    ended = shell.having(MODELPORT_DATABASE__URL=url).run("serve", "--port", "0")
    refused(ended, "database.url", "127.0.0.1:9")
    assert "hunter2" not in ended.err


def test_a_pepper_that_others_may_read(shell: Shell) -> None:
    """SEC-2: the mode, and the command that mends it."""
    (shell.folder / "pepper").write_text("a" * 64)
    (shell.folder / "pepper").chmod(0o644)
    ended = shell.having(MODELPORT_SECRETS__PEPPER="file:pepper").run("serve", "--port", "0")
    refused(ended, "secrets.pepper", "0644", "chmod 600")


def test_a_parser_that_is_too_lenient(shell: Shell) -> None:
    """SRV-2: without the compiled parser it does not face a network."""
    refused(shell.having(AIOHTTP_NO_EXTENSIONS="1").run("serve", "--port", "0"), "AIOHTTP_NO_EXTENSIONS")
