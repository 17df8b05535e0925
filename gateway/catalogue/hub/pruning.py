"""Files that no client can want any more: of each role the newest versions stay, and what they name."""

from collections import defaultdict
from pathlib import Path

from tuf.api.metadata import Metadata, Targets

from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.roles import CATALOG, HISTORY
from gateway.catalogue.namespace import role_of


def prune(repository: Repository, *, keep: int) -> None:
    """Remove files that none of the last `keep` versions of the list names; roots are kept for ever."""
    listing = {"targets", CATALOG, HISTORY, *map(role_of, repository.publishers())}
    named: set[str] = set()
    for role, versions in _versions_in(repository.folder / "metadata").items():
        if role == "root":
            continue
        kept = sorted(versions)[-keep:] if role in {*listing, "snapshot"} else []
        for version in kept if role in listing else ():
            named |= _files_of(versions[version])
        for version in versions.keys() - set(kept):
            versions[version].unlink(missing_ok=True)
    targets = repository.folder / "targets"
    for path in list(targets.rglob("*")):
        if path.is_file() and path.relative_to(targets).as_posix() not in named:
            path.unlink(missing_ok=True)


def _versions_in(folder: Path) -> dict[str, dict[int, Path]]:
    """Return the files of metadata by role and version."""
    found: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in folder.glob("*.json"):
        version, _, role = path.name.removesuffix(".json").partition(".")
        if version.isdecimal() and role:
            found[role][int(version)] = path
    return found


def _files_of(path: Path) -> set[str]:
    """Return the names below targets/ of what a version of a role's metadata lists."""
    listed = Metadata[Targets].from_bytes(path.read_bytes()).signed.targets
    names = set()
    for one in listed.values():
        folder, _, name = one.path.rpartition("/")
        names.add(f"{folder}/{one.hashes['sha256']}.{name}".lstrip("/"))
    return names
