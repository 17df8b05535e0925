"""Machines to examine: an installation in a folder, and a server that answers what a test writes down."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.configuration.document import read
from gateway.configuration.loading import examine
from gateway.doctor.finding import Finding, Status
from gateway.doctor.machine import Machine, Silence, Told
from gateway.doctor.table import CHECKS

HEALTHY = Told(200, {"status": "ok"}, {"server": "modelport", "x-request-id": "r"})


@dataclass
class FakeServer:
    """Answers by path; silent elsewhere."""

    answers: dict[str, Told] = field(default_factory=dict)
    url: str = "http://localhost:3000/"
    named: bool = False
    has_key: bool = False
    wrong: str | None = None
    called: list[str] = field(default_factory=list)

    def ask(self, path: str) -> Told | Silence:
        """Give what was written down."""
        return self.answers.get(path.partition("?")[0], Silence("nobody listens there"))

    def try_call(self, model: str, task: str) -> str | None:
        """Note the call and give the failure that was written down."""
        self.called.append(f"{model} {task}")
        return self.wrong


def machine(folder: Path, text: str = "", *, server: FakeServer | None = None, **given: Any) -> Machine:
    """Return a machine whose configuration file holds the text, and whose data are in the folder."""
    file = folder / "modelport.yaml"
    file.write_text(f"version: 1\ndata_dir: {folder / 'data'}\n{text}")
    environment = given.pop("environment", {})
    reading = examine(read(file), environment=environment)
    return Machine(file=file, reading=reading, environment=environment, server=server or FakeServer(), **given)


def check(name: str, examined: Machine) -> list[Finding]:
    """Return what one check finds."""
    return list(next(one for one in CHECKS if one.name == name).run(examined))


def bad(name: str, examined: Machine) -> Finding:
    """Return the one finding that is no `ok` and no `skip`."""
    (found,) = [one for one in check(name, examined) if one.status in {Status.WARN, Status.FAIL}]
    return found


def statuses(name: str, examined: Machine) -> set[str]:
    """Return the kinds of findings of one check."""
    return {str(one.status) for one in check(name, examined)}
