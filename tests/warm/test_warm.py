"""A command in a child of a warm process ends, reads and writes as one in a new process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, Shell
from tests.warm.client import ROOT, start
from tests.warm.server import LOADED


@pytest.mark.parametrize(
    "words", [("--version",), ("config", "check"), ("no-such-command",), ("models", "list"), ("resolve", "/access/x/")]
)
def test_it_does_what_a_new_process_does(tmp_path: Path, words: tuple[str, ...]) -> None:
    """The same number, the same words on the same stream."""
    shell = Shell(tmp_path, {"MODELPORT_URL": "http://127.0.0.1:9"})
    assert shell.run(*words) == shell.execute(*PROGRAM, *words)


def test_a_script_of_a_shell_gets_the_same(tmp_path: Path) -> None:
    """Its pipes, its numbers, and a signal handed on."""
    shell = Shell(tmp_path, {"MODELPORT_URL": "http://127.0.0.1:9"})
    own = Path(sys.executable).with_name("modelport")
    for words in ("resolve /access/x/ | tr a-z A-Z", "models list; echo $?", "echo key | modelport --version | cat"):
        assert shell.execute("bash", "-c", f"modelport {words}") == shell.execute("bash", "-c", f"{own} {words}")
    script = (
        "modelport serve --port 0 > said & while ! grep -q http said; do sleep 0.1; done; kill $!; wait $!; echo $?"
    )
    assert shell.execute("bash", "-c", script).out == "0\n"


def test_what_is_typed_is_read_and_the_folder_is_the_shells(tmp_path: Path) -> None:
    """A file of the folder, found by its name; a key on stdin."""
    shell = Shell(tmp_path, {})
    assert shell.run("init").code == 0
    assert (tmp_path / "modelport.yaml").exists()
    words = ("context", "add", "far", "https://models.example.com/", "--key-stdin")
    warm = shell.run(*words, typed="mp_live_wrong\n")
    assert warm == shell.execute(*PROGRAM, *words, typed="mp_live_wrong\n")


def test_an_environment_that_steers_python_is_one_from_the_start(tmp_path: Path) -> None:
    """Its narrow character set is the standard files' own."""
    narrow = Shell(tmp_path, {"LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    words = ("resolve", "/access/mödel/")
    assert narrow.run(*words) == narrow.execute(*PROGRAM, *words)


def test_what_lies_on_a_pythonpath_comes_first(tmp_path: Path) -> None:
    """As in any process; it is loaded before whatever a server has loaded."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['typer'] = None")
    guarded = Shell(tmp_path, {"PYTHONPATH": str(tmp_path)})
    ended = guarded.run("--version")
    assert (ended, "typer" in ended.err) == (guarded.execute(*PROGRAM, "--version"), True)


def test_a_signal_ends_it_as_it_ends_any_process(tmp_path: Path) -> None:
    """SIGTERM lets a server stop, SIGKILL does not; both numbers are a process's own."""
    codes = []
    for number in (signal.SIGTERM, signal.SIGKILL):
        written = tmp_path / "written"
        with written.open("wb") as out, Path(os.devnull).open("rb") as nothing:
            words = ("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
            process = start(*words, folder=tmp_path, environment=os.environ, files=(nothing, out, out))
        while "http://" not in written.read_text():
            assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0)
        process.send_signal(number)
        codes.append(process.wait(30))
        process.terminate()  # nobody is hit by it
    assert codes == [0, -signal.SIGKILL]


def test_whoever_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    """A test run that a time limit ends takes its servers along."""
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.warm.client import start;"
        "out = open(sys.argv[1], 'wb'); words = ('serve', '--port', '0', '--data-dir', sys.argv[2]);"
        "made = start(*words, folder=Path(), environment=os.environ, files=(0, out, out));"
        "print(made.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "said"), str(tmp_path / "data")]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    left, deadline = Path(f"/proc/{int(done.stdout)}"), time.monotonic() + 30
    while left.exists() and "State:\tZ" not in (left / "status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nothing_of_modelport_is_loaded_before_the_fork() -> None:
    """Or a module that forgets an import would pass."""
    code = f"import importlib, sys; [importlib.import_module(one) for one in {LOADED}]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not [name for name in done.stdout.split() if name.partition(".")[0] in {"gateway", "resolver"}]
