"""Every check, in the order in which a person would mend what they find."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from gateway.doctor.catalogue import check_catalogue
from gateway.doctor.configuration import check_config
from gateway.doctor.database import check_database
from gateway.doctor.finding import Finding
from gateway.doctor.host import check_clock, check_packages, check_python
from gateway.doctor.machine import Machine
from gateway.doctor.places import check_data_dir, check_disk, check_secrets
from gateway.doctor.port import check_port
from gateway.doctor.server import check_key, check_origin, check_server
from gateway.doctor.upstreams import check_upstreams


class Check(Struct, frozen=True):
    """A group of findings and how it is called."""

    name: str
    about: str
    run: Callable[[Machine], Iterator[Finding]]


CHECKS: tuple[Check, ...] = (
    Check("python", "Python's version", check_python),
    Check("packages", "installed packages and their versions", check_packages),
    Check("config", "configuration file and variables", check_config),
    Check("data-dir", "data directory and who may read it", check_data_dir),
    Check("secrets", "pepper and key-encryption key", check_secrets),
    Check("disk", "room on the disk", check_disk),
    Check("database", "database, its revision, whether it is whole", check_database),
    Check("port", "the port to listen on", check_port),
    Check("server", "the running server and its version", check_server),
    Check("key", "the key in MODELPORT_KEY", check_key),
    Check("origin", "the public address, through the proxy", check_origin),
    Check("catalogue", "the list of models, its hub, and what waits", check_catalogue),
    Check("clock", "this machine's clock", check_clock),
    Check("upstreams", "each endpoint: name, connection, TLS, models", check_upstreams),
)


def examine(machine: Machine, only: tuple[str, ...] = ()) -> Iterator[tuple[str, Finding]]:
    """Yield name and finding of every check, or of those in `only`."""
    for check in CHECKS:
        if not only or check.name in only:
            for finding in check.run(machine):
                yield check.name, finding
