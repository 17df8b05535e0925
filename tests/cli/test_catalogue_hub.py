"""A hub of one's own from the command line: no server is asked."""

import hashlib
import json
import random
import shutil
from pathlib import Path

import pytest

from gateway.catalogue.hub.hub import Hub
from gateway.downloads.choosing import choose, hashes_of
from gateway.storage.clock import SystemClock
from tests.catalogue.entries import SHA, entry
from tests.catalogue.hub.client import Client
from tests.cli.program import Shell
from tests.clock import ManualClock

LISTS = Path(__file__).parents[1] / "catalogue" / "hub" / "files"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a hub that has published three entries."""
    folder = tmp_path_factory.mktemp("made") / "hub"
    hub = Hub.init(folder / "public", folder / "keys")
    hub.put(entry(number) for number in range(3))
    hub.publish()
    return folder


@pytest.fixture
def hub(shell: Shell, made: Path) -> Shell:
    """Give a shell beside a copy of that hub, in `hub`."""
    shutil.copytree(made, shell.folder / "hub")
    return shell.having(MODELPORT_HUB="hub")


def test_a_hub_is_made_filled_and_published(shell: Shell) -> None:
    """Four commands, each naming the next; only public/ is for the world."""
    made = shell.run("catalogue", "init", "hub")
    assert (made.code, "root for clients  hub/keys/root.json" in made.out) == (0, True), made.err
    assert "offline" in made.err
    assert "Try: modelport catalogue import api.json --hub hub" in made.err
    shutil.copy(LISTS / "models_dev.json", shell.folder / "api.json")
    taken = shell.run("catalogue", "import", "api.json", "--hub", "hub")
    assert taken.code == 0, taken.err
    assert taken.out.splitlines()[0].split() == ["SOURCE", "BECOMES", "OUTCOME", "NOTE"]
    assert "acme/coder-7b" in taken.out
    assert "'acme/has spaces' cannot be an id" in taken.out
    assert "models.dev, 9 rows" in taken.err
    assert "6 added, 3 nothing" in taken.err
    assert "Try: modelport catalogue publish --hub hub" in taken.err
    sent = shell.run("catalogue", "publish", "--hub", "hub")
    assert sent.code == 0, sent.err
    assert dict(line.split(maxsplit=1) for line in sent.out.splitlines()[:3]) == {
        "serial": "1",
        "entries": "6",
        "added": "6",
    }
    assert not list((shell.folder / "hub" / "public").rglob("*.pem"))


def test_programs_read_what_was_published(hub: Shell) -> None:
    """-o json: which entries, and until when each signature is valid."""
    (hub.folder / "more.jsonl").write_text(f"{json.dumps(entry(0, family='other'))}\n\n{json.dumps(entry(9))}\n")
    added = hub.run("catalogue", "add", "more.jsonl", "-o", "json")
    assert json.loads(added.out) == [
        {"id": "acme/coder-0", "outcome": "changed"},
        {"id": "acme/coder-9", "outcome": "added"},
    ]
    assert (
        hub.run("catalogue", "remove", "acme/coder-1", "--reason", "withdrawn", "--successor", "acme/coder-2").code == 0
    )
    sent = json.loads(hub.run("catalogue", "publish", "-o", "json").out)
    assert (sent["serial"], sent["entries"]) == (2, 3)
    assert (sent["added"], sent["changed"], sent["removed"]) == (["acme/coder-9"], ["acme/coder-0"], ["acme/coder-1"])
    assert sent["expires"].keys() == {"root", "targets", "catalog", "history", "snapshot", "timestamp"}
    removed = (hub.folder / "hub" / "entries" / "removed.ndjson").read_text()
    assert json.loads(removed) == {
        "op": "del",
        "id": "acme/coder-1",
        "reason": "withdrawn",
        "successor": "acme/coder-2",
    }


def test_a_dry_run_of_each_changes_nothing(hub: Shell) -> None:
    """It says what would be."""
    before = _files(hub.folder)
    (hub.folder / "one.json").write_text(json.dumps(entry(9), indent=2))
    for words, says in (
        (("init", "another"), "would be made"),
        (("add", "one.json"), "1 added"),
        (("remove", "acme/coder-1"), "would be withdrawn"),
        (("publish",), "nothing was published"),
        (("publish", "--refresh-timestamp"), "would be signed anew"),
        (("rotate-keys", "timestamp"), "would be given a new key"),
        (("rotate-keys", "root", "--renew"), "would be signed anew"),
    ):
        ended = hub.run("catalogue", *words, "--dry-run")
        assert ended.code == 0, (words, ended.err)
        assert says in ended.err, words
    (hub.folder / "one.json").unlink()
    assert _files(hub.folder) == before


def test_what_no_client_would_take_is_told_with_its_line(hub: Shell) -> None:
    """One sentence, exit 2; nothing of the file is taken."""
    bad = entry(9, price={"currency": "USD", "unit": "1M_tokens", "in": "cheap"})
    (hub.folder / "bad.jsonl").write_text(f"{json.dumps(entry(8))}\n{json.dumps(bad)}\n")
    ended = hub.run("catalogue", "add", "bad.jsonl")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: bad.jsonl:2: acme/coder-9: price: 'cheap' is no amount")
    assert "acme/coder-8" not in (hub.folder / "hub" / "entries" / "acme.jsonl").read_text()
    (hub.folder / "bad.jsonl").write_text('{"id": "acme/x",\n')
    assert hub.run("catalogue", "add", "bad.jsonl").err.startswith("Error: bad.jsonl: not JSON")
    (hub.folder / "hub" / "entries" / "hand.jsonl").write_text('{"id": "acme/x", "rev": 1.5}\n')
    ended = hub.run("catalogue", "publish")
    assert ended.code == 2
    assert "Error: hand.jsonl:1: 1.5 is no integer" in ended.err


def test_a_list_that_lost_rows_withdraws_them_when_asked(hub: Shell) -> None:
    """Of the same list and provider; what somebody added by hand stays."""
    listed = json.loads((LISTS / "models_dev.json").read_text())
    path = hub.folder / "api.json"
    path.write_text(json.dumps(listed))
    assert hub.run("catalogue", "import", "api.json").code == 0
    del listed["acme"]["models"]["coder-1b"]
    path.write_text(json.dumps(listed))
    stays = hub.run("catalogue", "import", "api.json")
    assert "coder-1b" not in stays.out
    gone = hub.run("catalogue", "import", "api.json", "--remove-missing", "--provider", "acme", "-o", "json")
    assert {row["id"] for row in json.loads(gone.out) if row["outcome"] == "removed"} == {"acme/coder-1b"}
    assert "no longer in models.dev" in (hub.folder / "hub" / "entries" / "removed.ndjson").read_text()


def test_a_publication_that_clients_would_hold_is_asked_about(hub: Shell) -> None:
    """Off a terminal it needs --yes."""
    own = Hub(hub.folder / "hub" / "public", hub.folder / "hub" / "keys")
    own.put(entry(number) for number in range(100, 130))
    own.publish()
    (hub.folder / "hub" / "entries" / "acme.jsonl").write_text(f"{json.dumps(entry(0))}\n")
    ended = hub.run("catalogue", "publish")
    assert ended.code == 2
    assert "32 entries would be removed, and clients hold such a publication" in ended.err
    assert own.signed().serial == 2
    assert hub.run("catalogue", "publish", "--yes").code == 0
    assert own.signed().count == 1


def test_a_machine_with_one_key_keeps_the_hub_current(hub: Shell) -> None:
    """For cron: --refresh-timestamp needs nothing but timestamp.pem and root.json."""
    keys = hub.folder / "hub" / "keys"
    for path in keys.glob("*.pem"):
        if path.name != "timestamp.pem":
            path.unlink()
    before = Hub(hub.folder / "hub" / "public", keys).signed()
    ended = hub.run("catalogue", "publish", "--refresh-timestamp", "-o", "json")
    assert ended.code == 0, ended.err
    said = json.loads(ended.out)
    assert (said["serial"], said["waits_for_key"]) == (before.serial, [])
    ended = hub.run("catalogue", "publish")
    assert ended.code == 0, ended.err  # nothing is new, so the timestamp is all there is to sign
    (hub.folder / "hub" / "entries" / "acme.jsonl").write_text("")
    ended = hub.run("catalogue", "publish")
    assert ended.code == 2
    assert "Error: the key catalog is not in hub/keys" in ended.err


def test_a_key_is_replaced(hub: Shell) -> None:
    """It asks first; which role may be meant is told."""
    old = (hub.folder / "hub" / "keys" / "timestamp.pem").read_bytes()
    ended = hub.run("catalogue", "rotate-keys", "timestamp")
    assert (ended.code, (hub.folder / "hub" / "keys" / "timestamp.pem").read_bytes()) == (2, old)
    ended = hub.run("catalogue", "rotate-keys", "timestamp", "--yes", "-o", "json")
    assert json.loads(ended.out)["root_version"] == 2
    assert (hub.folder / "hub" / "keys" / "timestamp.pem").read_bytes() != old
    assert hub.run("catalogue", "rotate-keys", "root", "--renew").code == 0
    unknown = hub.run("catalogue", "rotate-keys", "mirror", "--yes")
    assert (unknown.code, "one of root, targets, catalog, snapshot, timestamp" in unknown.err) == (2, True)
    assert hub.run("catalogue", "rotate-keys", "snapshot", "--renew").code == 2


@pytest.mark.parametrize(("ago_days", "says"), [(350, "runs out in 14 days"), (366, "has run out, and clients refuse")])
def test_a_root_that_runs_out_is_told_with_what_to_do(shell: Shell, ago_days: int, says: str) -> None:
    """Sixty days before, by cron's command as well; nobody looks at it otherwise for a year."""
    clock = ManualClock(at_ms=SystemClock().now_ms() - ago_days * 86_400_000)
    Hub.init(shell.folder / "hub" / "public", shell.folder / "hub" / "keys", clock=clock).publish()
    ended = shell.run("catalogue", "publish", "--hub", "hub", "--refresh-timestamp")
    assert ended.code == 0, ended.err
    assert says in ended.err
    assert ended.err.endswith("Try: modelport catalogue rotate-keys root --renew --hub hub\n")


def test_keys_may_be_encrypted_and_elsewhere(shell: Shell) -> None:
    """--keys on a disk of their own; the passphrase comes from a file, never from a flag."""
    (shell.folder / "passphrase").write_text("correct horse\n")
    where = ("--keys", "disk", "--passphrase-file", "passphrase")
    assert shell.run("catalogue", "init", "hub", *where).code == 0
    assert not (shell.folder / "hub" / "keys").exists()
    assert b"ENCRYPTED" in (shell.folder / "disk" / "timestamp.pem").read_bytes()
    assert shell.run("catalogue", "publish", "--hub", "hub", *where).code == 0
    ended = shell.run("catalogue", "publish", "--hub", "hub", "--keys", "disk")
    assert (ended.code, "Hint: give --passphrase-file" in ended.err) == (2, True)
    ended = shell.run("catalogue", "publish", "--hub", "hub", "--keys", "disk", "--passphrase-file", "none")
    assert (ended.code, "none: No such file" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("publish", "--hub", "nowhere"), 2, "there is no hub in nowhere"),
        (("import", "none.json"), 3, "none.json: No such file"),
        (("add", "none.json"), 3, "none.json: No such file"),
        (("import", "list.json"), 2, "list.json: it is no list that is known here"),
        (("import", "list.json", "--as-of", "today"), 2, "--as-of 'today' is no day"),
        (("add", "numbers.json"), 2, "numbers.json holds something else than entries"),
        (("remove", "acme/none"), 2, "there is no entry 'acme/none'"),
        (("add-file", "acme/none", "list.json", "--url", "https://x.example/f"), 2, "there is no entry 'acme/none'"),
        (("add-file", "acme/coder-1", "none", "--url", "https://x.example/f"), 2, "none cannot be read: no such file"),
        (("import", "models.json", "--provider", "acne"), 2, "models.json has no models of acne"),
        (("init", "hub"), 2, "there are keys in hub/keys"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(hub: Shell, words: tuple[str, ...], code: int, says: str) -> None:
    """On stderr, with what to do."""
    (hub.folder / "list.json").write_text('{"a": {"b": 1}}')
    shutil.copy(LISTS / "models_dev.json", hub.folder / "models.json")
    (hub.folder / "numbers.json").write_text("[1, 2]")
    ended = hub.run("catalogue", *words)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(f"Error: {says}")
    assert "\nHint: " in ended.err


def test_a_file_of_a_model_is_hashed_and_its_chunks_are_published(hub: Shell) -> None:
    """The list has a SHA-256 of each 8 MiB, as downloads read it; a file again takes the place of the old one."""
    content = random.Random(8).randbytes(8 * 1024 * 1024 + 5)
    (hub.folder / "f.gguf").write_bytes(content)
    words = (
        "catalogue",
        "add-file",
        "acme/coder-1",
        "f.gguf",
        "--quant",
        "Q4_K_M",
        "--url",
        f"https://x.example/{SHA}/f.gguf",
    )
    for outcome in ("changed", "same"):
        ended = hub.run(*words, "-o", "json")
        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["outcome"] == outcome
    made = json.loads(ended.out)
    assert (made["size"], made["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert hub.run("catalogue", "publish").code == 0
    own = Hub(hub.folder / "hub" / "public", hub.folder / "hub" / "keys")
    client = Client(own.folder, hub.folder / "client", own.root)
    client.sync()
    (artifact,) = client.entries["acme/coder-1"]["artifacts"]
    updater, _ = client.refresh()
    listed = client.fetch_file(updater, artifact["chunks_target"])
    chosen = choose("acme/coder-1", [artifact], chunks=hashes_of(listed, 2))
    parts = content[: artifact["chunk"]], content[artifact["chunk"] :]
    assert chosen.chunks == tuple(hashlib.sha256(part).hexdigest() for part in parts)
    refused = hub.run(*words[:-1], "https://x.example/resolve/main/f.gguf")
    assert (refused.code, "it names neither a commit nor" in refused.err) == (2, True)


def test_entries_may_come_from_a_pipe(hub: Shell) -> None:
    """As a list, too."""
    ended = hub.run("catalogue", "add", "-", typed=json.dumps([entry(7), entry(8)]))
    assert (ended.code, ended.out.split()) == (0, ["ID", "OUTCOME", "acme/coder-7", "added", "acme/coder-8", "added"])


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
