"""What is asked of the disk, in its order: a name that comes before its content may be a name of nothing."""

import os
from pathlib import Path
from typing import Any

import pytest


def asked_of_disk(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path]]:
    """Return a list that grows: `("sync", file or folder)` and `("name", what the file is called from then on)`."""
    acts: list[tuple[str, Path]] = []
    sync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        sync(handle)
        acts.append(("sync", Path(f"/proc/self/fd/{handle}").readlink()))

    def replaced(path: Path, target: Any) -> Path:
        named = replace(path, target)
        acts.append(("name", named))
        return named

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    return acts
