"""A publisher with a key of its own, and a hub that takes its list: from the command line, without a server."""

import json

import pytest

from gateway.catalogue.hub.hub import Hub
from gateway.storage.clock import SystemClock
from tests.catalogue.entries import entry
from tests.catalogue.hubs import make_publisher
from tests.cli.program import Shell
from tests.clock import ManualClock


@pytest.fixture
def shell_with(shell: Shell) -> Shell:
    """Give a shell beside the hub `hub`, the publisher `zeta` with one entry, signed, and its key in `zeta.key`."""
    Hub.init(shell.folder / "hub" / "public", shell.folder / "hub" / "keys").publish()
    made = shell.run("catalogue", "init", "zeta", "--publisher", "zeta", "-o", "json")
    assert made.code == 0, made.err
    assert "Tell the hub's owner the key by another way than the folder" in made.err
    (shell.folder / "zeta.key").write_text(json.loads(made.out)["key"], encoding="utf-8")
    put(shell, entry(0, id="zeta/model", publisher="zeta"))
    return shell


def put(shell: Shell, *entries: object) -> None:
    """Have the publisher sign these entries."""
    (shell.folder / "e.json").write_text(json.dumps(entries), encoding="utf-8")
    assert shell.run("catalogue", "add", "e.json", "--hub", "zeta").code == 0
    signed = shell.run("catalogue", "publish", "--hub", "zeta")
    assert signed.code == 0, signed.err
    assert "Try: modelport catalogue publishers add zeta/public" in signed.err


def test_a_hub_takes_what_a_publisher_signs_and_gives_it_back(shell_with: Shell) -> None:
    """The key is shown and agreed to once; later lists are taken by it. Removed, the entries go with the next list."""
    shell = shell_with
    key = (shell.folder / "zeta.key").read_text(encoding="utf-8")
    asked = shell.run("catalogue", "publishers", "add", "zeta/public", "--hub", "hub", "--no-input")
    assert (asked.code, key in asked.err) == (2, True), asked.err
    rehearsed = shell.run("catalogue", "publishers", "add", "zeta/public", "--hub", "hub", "--dry-run")
    assert (rehearsed.code, "nothing was changed" in rehearsed.err) == (0, True)
    taken = shell.run("catalogue", "publishers", "add", "zeta/public", "--hub", "hub", "--yes")
    assert (taken.code, taken.out.splitlines()[0].split()) == (0, ["outcome", "added"]), taken.err
    sent = shell.run("catalogue", "publish", "--hub", "hub", "-o", "json")
    assert json.loads(sent.out)["added"] == ["zeta/model"]
    listed = json.loads(shell.run("catalogue", "publishers", "list", "--hub", "hub", "-o", "json").out)
    assert [(one["publisher"], one["entries"], one["key"]) for one in listed] == [("zeta", 1, key)]
    put(shell, entry(1, id="zeta/other", publisher="zeta", aliases=[]))
    again = shell.run("catalogue", "publishers", "add", "zeta/public", "--hub", "hub", "--no-input")
    assert (again.code, again.out.splitlines()[0].split()) == (0, ["outcome", "changed"]), again.err
    assert shell.run("catalogue", "publish", "--hub", "hub").code == 0
    gone = shell.run("catalogue", "publishers", "remove", "zeta", "--hub", "hub", "--yes")
    assert gone.code == 0, gone.err
    sent = shell.run("catalogue", "publish", "--hub", "hub", "-o", "json")
    assert json.loads(sent.out)["removed"] == ["zeta/model", "zeta/other"]


def test_another_key_and_another_namespace_are_refused(shell_with: Shell) -> None:
    """By the tool of whoever signs as well as by the hub's."""
    shell = shell_with
    assert shell.run("catalogue", "publishers", "add", "zeta/public", "--hub", "hub", "--yes").code == 0
    assert shell.run("catalogue", "init", "thief", "--publisher", "zeta").code == 0
    stolen = shell.run("catalogue", "publishers", "add", "thief/public", "--hub", "hub", "--yes")
    assert stolen.code == 2
    assert "signs with another key than before" in stolen.err
    assert "--new-key" in stolen.err
    (shell.folder / "e.json").write_text(json.dumps(entry(0)), encoding="utf-8")
    assert shell.run("catalogue", "add", "e.json", "--hub", "zeta").code == 0
    outside = shell.run("catalogue", "publish", "--hub", "zeta")
    assert (outside.code, "it is outside of the namespace zeta/" in outside.err) == (2, True)
    own = shell.run("catalogue", "add", "e.json", "--hub", "hub")
    assert own.code == 0
    (shell.folder / "e.json").write_text(json.dumps(entry(0, id="zeta/mine")), encoding="utf-8")
    assert shell.run("catalogue", "add", "e.json", "--hub", "hub").code == 0
    ours = shell.run("catalogue", "publish", "--hub", "hub")
    assert (ours.code, "zeta/ is the namespace of its publisher" in ours.err) == (2, True)


def test_a_publishers_folder_is_no_hubs(shell_with: Shell) -> None:
    """What only a hub has is refused there with the way on, and a hub's folder is no publisher's."""
    shell = shell_with
    turned = shell.run("catalogue", "rotate-keys", "timestamp", "--hub", "zeta", "--yes")
    assert (turned.code, "catalogue init NEW --publisher NAME" in turned.err) == (2, True)
    taken = shell.run("catalogue", "publishers", "add", "hub/public", "--hub", "hub", "--yes")
    assert (taken.code, "key.json" in taken.err) == (2, True)
    unknown = shell.run("catalogue", "publishers", "remove", "nobody", "--hub", "hub", "--yes")
    assert (unknown.code, "there is no publisher 'nobody' here" in unknown.err) == (2, True)
    named = shell.run("catalogue", "init", "new", "--publisher", "Not/One")
    assert (named.code, "is no publisher's name" in named.err) == (2, True)
    assert not (shell.folder / "new" / "public").exists()


def test_the_hubs_owner_is_told_what_runs_out(shell_with: Shell) -> None:
    """Before clients stop to show it, and afterwards; a fresh signature is no matter for a warning."""
    shell = shell_with
    assert shell.run("catalogue", "publishers", "add", "zeta/public", "--hub", "hub", "--yes").code == 0
    for days in (25, 31):
        clock = ManualClock()
        clock.at_ms = SystemClock().now_ms() - days * 86_400_000
        make_publisher(shell.folder / f"old{days}", f"old{days}", [], clock=clock)
        assert shell.run("catalogue", "publishers", "add", f"old{days}/public", "--hub", "hub", "--yes").code == 0
    told = shell.run("catalogue", "publish", "--hub", "hub")
    assert told.code == 0, told.err
    assert "Warning: the signature of old25 runs out in 4 days: then its entries are shown to nobody" in told.err
    assert "Warning: the signature of old31 has run out: its entries are shown to nobody" in told.err
    assert "zeta" not in told.err
