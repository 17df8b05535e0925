import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.program import Shell
from tests.cli.server import running_server
from tests.publish.publishing import FILES, Bench, peak_of, skopeo
from tests.publish.registries import PASSWORD, USER, Registry

_MIB = 1024 * 1024


@pytest.fixture
def shell(bench: Bench) -> Shell:
    """Give a shell beside the model's directory."""
    return Shell(bench.directory.parent, {})


def _unreported(registry: Registry, repository: str, last: dict[str, object]) -> list[str]:
    """Return the open upload sessions that the last line does not tell."""
    return [one for one in registry.sessions(repository) if one not in str(last["left_behind"])]


def _lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_model_is_published_and_pulled(shell: Shell, registry: Registry) -> None:
    """Stdout is data: where the package is, and afterwards the files."""
    place = f"{registry.place}/team/command:v1"
    checked = shell.run("publish", "model", place, "--check", "--plain-http")
    assert (checked.code, checked.out) == (0, "")
    assert f"The push of model to {place} is expected to succeed." in checked.err
    assert f"Try: modelport publish model {place} --plain-http" in checked.err
    pushed = shell.run("publish", "model", place, "--plain-http")
    assert pushed.code == 0
    assert pushed.out.startswith(f"{place}@sha256:")
    again = shell.run("publish", "model", place, "--plain-http")
    assert (again.code, again.out) == (0, pushed.out)
    assert "is already published" in again.err
    pulled = shell.run("pull", place, "out", "--plain-http")
    assert pulled.code == 0
    assert [(shell.folder / line).is_file() for line in pulled.out.splitlines()] == [True] * len(FILES)


def test_a_published_package_is_noted_at_its_model(shell: Shell, registry: Registry, tmp_path: Path) -> None:
    """--register: a served model can be traced to its package; an unknown model is said before anything travels."""
    place = f"{registry.place}/team/noted:v1"
    with running_server(tmp_path) as server:
        admin = shell.having(MODELPORT_URL=server.url, MODELPORT_KEY=server.key)
        assert admin.run("models", "add", "noted").code == 0
        unknown = admin.run("publish", "model", place, "--plain-http", "--register", "notde")
        assert (unknown.code, registry.tags("team/noted")) == (3, [])
        done = admin.run("publish", "model", place, "--plain-http", "--register", "noted")
        assert done.code == 0
        shown = json.loads(admin.run("models", "show", "noted", "-o", "json").out)
    assert f"{shown['source_reference']}@{shown['source_digest']}\n" == done.out


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("offline", "The words are right; nobody was asked whether {place} takes the push."),
        ("auth", "{place} is there and knows you; whether it takes a push was not tried (--trial session)."),
        ("session", "The push of model to {place} is expected to succeed."),
    ],
)
def test_a_check_says_no_more_than_its_level_has_shown(shell: Shell, registry: Registry, level: str, said: str) -> None:
    """PUB-3: `offline` asks nobody; without --check the push follows whatever the level."""
    place = f"{registry.place}/team/level-{level}:v1"
    checked = shell.run("publish", "model", place, "--check", "--trial", level, "--plain-http")
    assert (checked.code, checked.out) == (0, "")
    assert said.format(place=place) in checked.err
    pushed = shell.run("publish", "model", place, "--trial", level, "--plain-http")
    assert pushed.code == 0
    assert registry.tags(f"team/level-{level}") == ["v1"]
    nowhere = shell.run("publish", "model", "nowhere.invalid/team/model", "--check", "--trial", "offline")
    assert nowhere.code == 0


def test_progress_is_one_json_document_per_line(shell: Shell, registry: Registry) -> None:
    """`-o json`: a program reads stages, files and the end as they happen."""
    ended = shell.run("publish", "model", f"{registry.place}/team/lines:v1", "--plain-http", "-o", "json")
    events = _lines(ended.out)
    assert [one["stage"] for one in events if one["event"] == "stage"] == [
        "reference", "auth", "tag", "existence", "session", "quota",
    ]  # fmt: skip
    assert {one["name"] for one in events if one["event"] == "layer" and one["state"] == "sent"} == set(FILES)
    last = events[-1]
    assert (last["event"], last["verdict"], last["sent"]) == ("done", "pass", {"layers": 6, "bytes": 103001})


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("model", "{open}/Team/Model:v1"), 2, '(upper case is not allowed). Did you mean "team/model"?'),
        (("nowhere", "{open}/team/model"), 2, 'There is no directory "nowhere" to publish.'),
        (("model", "{open}/team/model", "--trial", "some"), 2, "--trial 'some' is no level"),
        (("model", "{open}/team/model", "--username", "x"), 2, "--username and --password-stdin belong together"),
        (("model", "{open}/team/model", "--credential", "env:NOT_SET"), 2, "NOT_SET is not set"),
        (("model", "{guarded}/team/model", "--plain-http", "--skip-preflight"), 4, "asks for credentials (401)"),
        (("model", "{open}/team/model"), 12, "Use --plain-http for this registry."),
        (("model", "127.0.0.1:9/team/model", "--skip-preflight"), 11, "cannot be reached (nothing listens"),
        (("model", "10.255.0.1/team/model"), 12, 'add egress.allow_networks: ["10.255.0.1/32:443"]'),
    ],
)
def test_a_mistake_is_one_sentence_and_says_what_was_kept(
    shell: Shell, registry: Registry, guarded: Registry, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """Exit 2 for words, 4 for rights, 11 for the way, 12 for what the check found; never a trace."""
    given = [one.format(open=registry.place, guarded=guarded.place) for one in arguments]
    ended = shell.run("publish", *given)
    assert (ended.code, ended.out) == (code, "")
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_the_password_comes_from_stdin_a_reference_or_a_login(shell: Shell, guarded: Registry) -> None:
    """No secret is a flag; none is shown, whatever goes wrong."""
    place = f"{guarded.place}/team/logins:v1"
    stdin = ("--username", USER, "--password-stdin")
    assert shell.run("publish", "model", place, "--check", "--plain-http", *stdin, typed=f"{PASSWORD}\n").code == 0
    referring = shell.having(REGISTRY_LOGIN=f"{USER}:{PASSWORD}")
    words = ("publish", "model", place, "--check", "--plain-http")
    assert referring.run(*words, "--credential", "env:REGISTRY_LOGIN").code == 0
    wrong = shell.run(*words, *stdin, "-o", "json", typed="canary-secret")
    assert wrong.code == 12
    assert "canary-secret" not in wrong.out + wrong.err
    assert "Credentials came from --password-stdin." in wrong.err


def test_a_login_is_tried_and_kept_for_its_owner_alone(shell: Shell, guarded: Registry) -> None:
    """What the errors advise: a wrong password is not kept; afterwards publish and docker's other clients know it."""
    words = ("registry", "login", guarded.place, "--username", USER, "--password-stdin", "--plain-http")
    refused = shell.run(*words, typed="wrong")
    assert refused.code == 4
    assert f'Registry refused user "{USER}" (401).' in refused.err
    kept = shell.folder / ".docker" / "config.json"
    assert not kept.exists()
    assert shell.run(*words, typed=PASSWORD).code == 0
    assert kept.stat().st_mode & 0o777 == 0o600
    place = f"{guarded.place}/team/logged-in:v1"
    assert shell.run("publish", "model", place, "--plain-http", "--skip-preflight").code == 0
    skopeo("inspect", "--raw", "--tls-verify=false", "--authfile", str(kept), f"docker://{place}")


def test_ctrl_c_tells_what_is_left_and_says_what_was_kept(shell: Shell, registry: Registry, bench: Bench) -> None:
    """Exit 130: every upload session is cancelled or told, the layout stays, and the next push sends the rest."""
    with (bench.directory / "model.safetensors").open("wb") as file:
        file.truncate(1024 * _MIB)  # sparse, and long enough to be interrupted however loaded the machine is
    place = f"{registry.place}/team/interrupted:v1"
    command = [sys.executable, "-m", "gateway", "publish", "model", place, "--plain-http", "-o", "json"]
    environment = {**shell.environment, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=shell.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["phase"] == "push" and event["bytes"] > 4 * _MIB:
                break
        process.send_signal(signal.SIGSTOP)  # it does not get on while this looks
        assert registry.sessions("team/interrupted") != []
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    last = _lines(out)[-1]
    # distribution 2.8 knows a session by its offset too: one whose upload broke off cannot be cancelled by anybody
    assert last["code"] == "interrupted"
    assert _unreported(registry, "team/interrupted", last) == []
    assert "Interrupted" in err
    assert "Nothing was lost: 5 layers (1.1 GB) stay packaged in" in err


def test_memory_stays_flat_whatever_the_size(shell: Shell, registry: Registry, bench: Bench) -> None:
    """Below 64 MiB for a blob of 256 MiB, and a few buffers more than for a small one: hashing, pushing and pulling."""
    small = _peak_of(shell, "publish", "model", f"{registry.place}/team/memory:small", "--plain-http")
    with (bench.directory / "model.safetensors").open("wb") as file:
        file.truncate(256 * _MIB)
    large = _peak_of(shell, "publish", "model", f"{registry.place}/team/memory:large", "--plain-http")
    pulled = _peak_of(shell, "pull", f"{registry.place}/team/memory:large", "out", "--plain-http")
    assert large - small < 16 * _MIB
    assert pulled - small < 16 * _MIB
    assert max(large, pulled) < 64 * _MIB, (small, large, pulled)
    assert (shell.folder / "out" / "model.safetensors").stat().st_size == 256 * _MIB
    skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{registry.place}/team/memory:large")


def _peak_of(shell: Shell, *arguments: str) -> int:
    """Run a command and return the most memory that it held, in bytes."""
    command = [sys.executable, "-m", "gateway", *arguments]
    with subprocess.Popen(
        command, cwd=shell.folder, env=shell.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        peak = peak_of(process)
    assert process.returncode == 0
    return peak


def test_a_bar_is_drawn_on_a_terminal_alone(shell: Shell, registry: Registry) -> None:
    """UX-14: a terminal gets a bar, a pipe none."""
    place = f"{registry.place}/team/bar:v1"
    on_pipe = shell.run("publish", "model", place, "--plain-http")
    assert "\x1b[" not in on_pipe.err + on_pipe.out
    on_terminal = shell.run_on_terminal("publish", "model", f"{registry.place}/team/bar:v2", "--plain-http")
    assert (on_terminal.code, "\x1b[" in on_terminal.out) == (0, True)


def test_a_link_out_of_the_directory_is_asked_about(shell: Shell, registry: Registry, bench: Bench) -> None:
    """Nothing from outside is published unasked, and hidden files are named as left out."""
    secret = shell.folder / "outside.txt"
    secret.write_text("x")
    (bench.directory / "link.txt").symlink_to(secret)
    (bench.directory / ".env").write_text("TOKEN=x")
    place = f"{registry.place}/team/links:v1"
    refused = shell.run("publish", "model", place, "--plain-http")
    assert refused.code == 2
    assert "is a link that leaves the directory; add --follow-links" in refused.err
    done = shell.run("publish", "model", place, "--plain-http", "--follow-links")
    assert done.code == 0
    assert "Left out, because hidden: .env" in done.err
    names = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{place}")
    assert "link.txt" in names
    assert ".env" not in names


def test_a_file_that_changes_meanwhile_is_not_published(shell: Shell, registry: Registry, bench: Bench) -> None:
    """The package is what was hashed, or there is none."""
    weights = bench.directory / "model.safetensors"
    with weights.open("wb") as file:
        file.truncate(64 * _MIB)
    place = f"{registry.place}/team/changing:v1"
    command = [sys.executable, "-m", "gateway", "publish", "model", place, "--plain-http", "-o", "json"]
    with subprocess.Popen(
        command, cwd=shell.folder, env=shell.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("phase") == "push":
                break
        stamp = time.time_ns()
        os.utime(weights, ns=(stamp, stamp))
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 12
    assert _lines(out)[-1]["code"] == "file_changed"
    assert registry.tags("team/changing") == []
    assert _unreported(registry, "team/changing", _lines(out)[-1]) == []
