"""`python -m tests.storage.released`: write the file of today's revision, as a server with a little in it leaves it."""

import tempfile
from pathlib import Path

from gateway.cli.client import Api
from gateway.storage.revisions import HEAD
from tests.cli.program import Shell
from tests.cli.server import running_server
from tests.storage.released import FOLDER, dump


def main() -> None:
    """Start a server, register one of everything, stop it, and write its database down."""
    with tempfile.TemporaryDirectory() as folder:
        with running_server(Path(folder)) as server:
            api = Api(server.url, server.key)
            api.post("/teams", {"name": "research", "description": "für alle"})
            api.post("/gateways", {"name": "eu", "url": "https://gateway.example.com"})
            api.post("/models", {"name": "kept", "team": "research", "via": "eu"})
            api.post("/models", {"name": "bare"})
            api.post("/aliases", {"name": "kept-too", "model": "kept", "team": "research"})
            api.post("/keys", {"name": "ci", "role": "developer"})
            api.post("/keys", {"name": "some", "team": "research", "models": ["kept", "kept-*", "later"]})
            shell = Shell(Path(folder), {"MODELPORT_URL": server.url, "MODELPORT_KEY": server.key})
            assert shell.run("call", "echo", "hello").code == 0
        (FOLDER / f"{HEAD}.sql").write_text(dump(server.data_dir / "modelport.db"), encoding="utf-8")


if __name__ == "__main__":
    main()
