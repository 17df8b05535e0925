from pathlib import Path

from gateway.doctor.finding import Status
from gateway.doctor.table import CHECKS
from tests.doctor.machines import bad, check, machine


def test_a_fault_is_told_with_its_line_and_the_editor_goes_there(tmp_path: Path) -> None:
    """The third line of the file."""
    finding = bad("config", machine(tmp_path, "server: {prot: 3000}\n"))
    assert finding.status is Status.FAIL
    assert f"{tmp_path / 'modelport.yaml'}:3" in finding.message
    assert "port" in finding.message
    assert finding.command == f"${{EDITOR:-vi}} +3 {tmp_path / 'modelport.yaml'}"


def test_every_fault_is_a_line_of_its_own(tmp_path: Path) -> None:
    """All at once."""
    findings = check("config", machine(tmp_path, "server: {prot: 1}\nlog: {level: loud}\n"))
    assert [one.status for one in findings] == [Status.FAIL, Status.FAIL]


def test_a_misspelt_variable_is_told_and_unset(tmp_path: Path) -> None:
    """The command takes it away."""
    finding = bad("config", machine(tmp_path, environment={"MODELPORT_SERVRE__PORT": "1"}))
    assert finding.command == "unset MODELPORT_SERVRE__PORT"
    assert not [one for one in check("config", machine(tmp_path)) if one.status is not Status.OK]


def test_what_the_file_declares_is_looked_at_too(tmp_path: Path) -> None:
    """As a start would."""
    text = "models:\n  qwen3:\n    endpoints: [{base_url: 'http://x/v1', wieght: 2}]\n"
    finding = bad("config", machine(tmp_path, text))
    assert finding.status is Status.FAIL
    assert f"{tmp_path / 'modelport.yaml'}:5" in finding.message
    assert "weight" in finding.message


def test_no_secret_of_a_broken_file_is_told(tmp_path: Path) -> None:
    """Whatever it was typed under."""
    text = "secrets: {pepper: canary-0123456789abcdef}\ndatabase: {url: [canary]}\n"
    assert all("canary" not in one.message for one in check("config", machine(tmp_path, text)))


def test_a_password_that_others_may_read_is_told(tmp_path: Path) -> None:
    """Chmod 600."""
    text = "database: {url: 'postgresql://u:canary@h/db'}\n"
    finding = bad("config", machine(tmp_path, text))
    assert (finding.status, finding.command) == (Status.WARN, f"chmod 600 {tmp_path / 'modelport.yaml'}")
    (tmp_path / "modelport.yaml").chmod(0o600)
    assert not [one for one in check("config", machine(tmp_path, text)) if one.status is not Status.OK]


def test_every_check_bears_a_broken_configuration(tmp_path: Path) -> None:
    """What needs the settings is skipped with the reason."""
    examined = machine(tmp_path, "server: {prot: 1}\n")
    for one in CHECKS:
        findings = list(one.run(examined))
        assert findings, one.name
        assert one.name == "config" or all(finding.status is not Status.FAIL for finding in findings), one.name
