"""UX-3, UX-5 to UX-8, UX-10, UX-11, UX-13, UX-14: what a person sees at work."""

import json
import re
import urllib.error
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from gateway.cli.client import Api
from tests.cli.program import Shell
from tests.cli.server import Server
from tests.generated import FILES, ROOT
from tests.ux.start import started

CANARY = "sk-canary-8d1f0c"


def _post(url: str, body: bytes = b"{}") -> tuple[int, dict[str, object]]:
    try:
        with urlopen(Request(url, data=body, headers={"Content-Type": "application/json"})) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_ux_03_doctor_names_fault_and_command_and_changes_nothing(shell: Shell) -> None:
    """One line each, with the mending command; --only and JSON; exit 12."""
    (shell.folder / "modelport.yaml").write_text("server:\n  prot: 1\n")
    before = sorted(path.name for path in shell.folder.rglob("*"))
    ended = shell.run("doctor", "--only", "config")
    assert ended.code == 12
    assert "modelport.yaml:2" in ended.out
    assert "did you mean server.port?" in ended.out
    assert re.search(r"^ +\$ \S+", ended.out, re.MULTILINE)
    rows = json.loads(shell.run("doctor", "--only", "config", "-o", "json").out)
    assert {row["check"] for row in rows} == {"config"}
    assert sorted(path.name for path in shell.folder.rglob("*")) == before


def test_ux_05_what_keeps_a_server_going(tmp_path: Path) -> None:
    """Probes answer; /-/reload is off until it is wanted; config show, fmt, check and reload do what they say."""
    (tmp_path / "modelport.yaml").write_text("version: 1\nlog:\n    level: info\n")
    shell = Shell(tmp_path, {})
    assert shell.run("config", "check").code == 0
    assert shell.run("config", "fmt", "--check").code == 12
    assert shell.run("config", "fmt").code == 0
    assert shell.run("config", "fmt", "--check").code == 0
    assert "modelport.yaml:4" in shell.run("config", "show", "--changed").out
    with started(tmp_path) as server:
        for path in ("-/healthy", "-/ready"):
            with urlopen(f"{server.url}{path}") as answer:  # noqa: S310 - loopback
                assert answer.status == 200
        assert _post(f"{server.url}-/reload")[0] == 404
        key = re.search(r"mp_live_\S+", server.greeting)
        assert key
        admin = shell.having(MODELPORT_URL=server.url, MODELPORT_KEY=key[0])
        refused = admin.run("config", "reload")
        assert (refused.code, "server.reload_endpoint" in refused.err) == (3, True)


def test_ux_06_an_error_says_what_and_what_to_do_and_has_a_code(server: Server) -> None:
    """OpenAI's shape, a name that is near, the code in the reference."""
    body = b'{"model": "ecko", "messages": [{"role": "user", "content": "hi"}]}'
    status, answer = _post(f"{server.url}v1/chat/completions", body)
    error = answer["error"]
    assert isinstance(error, dict)
    assert (status, error["code"]) == (404, "model_not_found")
    assert "did you mean" in error["message"]
    assert "echo" in error["message"]
    assert {"message", "type", "param", "code"} <= error.keys()
    assert "model_not_found" in (ROOT / "docs" / "reference" / "errors.md").read_text()


def test_ux_06_the_table_of_errors_is_generated() -> None:
    """And compared on every run of the lint."""
    path = ROOT / "docs" / "reference" / "errors.md"
    assert path in FILES
    assert path.read_text() == FILES[path]()


def test_ux_07_resolve_prints_the_url_and_explain_goes_back(admin: Shell) -> None:
    """In a shell; --print-curl sends nothing."""
    ended = admin.execute("sh", "-c", 'modelport explain "$(modelport resolve echo -v)" -o json')
    assert {"step": "team", "value": "default", "why": "its models are called there"} in json.loads(ended.out)["steps"]
    before = _calls(admin)
    printed = admin.run("call", "echo", "hi", "--print-curl")
    assert (printed.code, printed.out.startswith("curl ")) == (0, True)
    assert _calls(admin) == before


def test_ux_08_the_lines_to_copy_are_run(admin: Shell) -> None:
    """The line for curl as it stands; Python, JavaScript and the environment are run by tests/test_snippets.py."""
    ended = admin.execute("bash", "-c", 'eval "$(modelport use echo --only curl)"')
    assert "[DONE]" in ended.out
    said = admin.run("use", "echo").out
    for word in ("curl", "OpenAI(", "new OpenAI(", "OPENAI_BASE_URL"):
        assert word in said


def test_ux_10_a_deletion_shows_its_plan_asks_for_the_name_and_can_be_undone(admin: Shell, api: Api) -> None:
    """On a terminal the name, on a pipe --yes; restored afterwards; who did it, and why, is on the record."""
    uid = api.post("/models", {"name": "doomed"}).body["uid"]
    api.post("/aliases", {"name": "doomed-too", "model": "doomed"})
    words = ("models", "delete", "doomed", "--references", "cascade", "--reason", "UX-10")
    assert admin.run(*words).code == 2
    for typed, code in (("no\n", 8), ("doomed\n", 0)):
        ended = admin.run_on_terminal(*words, typed=typed, when="anything else is no")
        assert ended.code == code
        assert ended.out.index("This goes: model 'doomed'") < ended.out.index("1 alias is deleted.")
        assert ended.out.index("1 alias is deleted.") < ended.out.index("Type doomed")
    restored = admin.run("models", "restore", "doomed", "--activate")
    assert (restored.code, "alias doomed-too restored" in restored.out) == (0, True)
    assert admin.run(*words, "--yes").code == 0
    record = json.loads(admin.run("audit", "list", "--target", uid, "-o", "json").out)
    deletions = [row for row in record if row["action"] == "model.delete"]
    assert [row["reason"] for row in deletions] == ["UX-10", "UX-10"]


def test_ux_11_every_value_has_its_origin_and_no_secret_is_shown(shell: Shell) -> None:
    """File and line, variable, default; a password in an address is masked, before a reload too."""
    (shell.folder / "modelport.yaml").write_text(f"database:\n  url: postgresql://me:{CANARY}@db/x\n")
    here = shell.having(MODELPORT_SERVER__PORT="3456")
    for form in ("table", "json", "yaml"):
        shown = here.run("config", "show", "-o", form)
        assert (shown.code, CANARY in shown.out + shown.err) == (0, False)
        assert "MODELPORT_SERVER__PORT" in shown.out
        assert "modelport.yaml:2" in shown.out
    (shell.folder / "old.yaml").write_text("version: 1\n")
    compared = here.run("config", "diff", "modelport.yaml", "old.yaml")
    assert (compared.code, CANARY in compared.out + compared.err, "database.url" in compared.out) == (0, False, True)


def test_ux_13_example_and_schema_are_whole() -> None:
    """Each setting stands in both; both are generated and compared."""
    # Inner import: pydantic takes 0.2 s.
    from gateway.configuration.sources import setting_fields

    example, schema = ROOT / "config" / "modelport.example.yaml", ROOT / "config" / "schema.json"
    assert {path: path.read_text() == make() for path, make in FILES.items() if path in {example, schema}} == {
        example: True,
        schema: True,
    }
    for name in setting_fields():
        last = name.rpartition(".")[2]
        assert re.search(rf"^ *#? ?{last}:", example.read_text(), re.MULTILINE), name
        assert f'"{last}"' in schema.read_text(), name


LISTS = [(noun, "list") for noun in ("models", "endpoints", "aliases", "teams", "gateways", "keys", "context")]


@pytest.mark.parametrize("words", [*LISTS, ("usage",), ("version",), ("config", "show")], ids=" ".join)
def test_ux_14_data_come_as_json_and_without_colours_on_a_pipe(admin: Shell, words: tuple[str, ...]) -> None:
    """What is on stdout parses, whatever is said beside it; FORCE_COLOR is a wish, NO_COLOR the stronger one."""
    assert json.loads(admin.run(*words, "-o", "json").out) is not None
    assert "\x1b" not in admin.run(*words).out
    assert "\x1b" not in admin.having(FORCE_COLOR="1", NO_COLOR="1").run(*words).out


def test_ux_14_colours_on_a_terminal_and_where_they_are_wished_for(admin: Shell) -> None:
    """Bold headings; NO_COLOR and a dumb terminal are obeyed; no address is cut."""
    assert "\x1b[1m" in admin.run_on_terminal("models", "list").out
    forced = admin.having(FORCE_COLOR="1").run("models", "list").out
    assert "\x1b[1m" in forced
    assert "/access/models/default/" in forced
    assert "\x1b[3" not in admin.having(NO_COLOR="1").run_on_terminal("models", "list").out


def test_ux_14_completion_knows_the_models(admin: Shell) -> None:
    """Of the server that is spoken to."""
    assert "echo" in admin.run("completion", "words", "--", "modelport call ec").out.split()


def _calls(admin: Shell) -> int:
    return int(json.loads(admin.run("usage", "-o", "json").out)["total"]["requests"])
