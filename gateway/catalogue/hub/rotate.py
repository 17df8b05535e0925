"""The first keys of a hub, and new ones in the place of old ones.

A role that the root names is first signed with both keys, then the root with the new key is written: killed in
between, clients find what they can verify. Where the old key is lost there is no such overlap, and for a moment clients
that have the new root refuse the old signature and ask again.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, MetaFile, Role, Root, Snapshot, Targets, Timestamp

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.keys import ROOT_KEYS, Keys
from gateway.catalogue.hub.repository import Repository
from gateway.catalogue.hub.roles import (
    CATALOG,
    CATALOG_PATHS,
    HISTORY,
    HISTORY_PATHS,
    ROOT_THRESHOLD,
    ROTATABLE,
    expiry_of,
)

_ONLINE = ("targets", "snapshot", "timestamp")
_UNSIGNED = datetime(1970, 1, 1, tzinfo=UTC)  # `commit` gives the version and the end when it signs


def make(folder: Path, keys: Keys, now_ms: int) -> Repository:
    """Make keys and an empty hub.

    Raises:
        HubFault: there is a hub, or there are keys.
    """
    if keys.trusted_root.exists() or any(keys.find(name) for name in (*ROOT_KEYS, *ROTATABLE)):
        raise HubFault(f"there are keys in {keys.folder}", hint="name another folder, or go on with this hub")
    if (folder / "metadata").exists():
        raise HubFault(f"there is a hub in {folder}", hint="name another folder, or go on with this hub")
    made = {name: keys.new() for name in (*ROOT_KEYS, *_ONLINE, CATALOG)}
    for name, signer in made.items():
        keys.keep(name, signer)
    root = _new_root(made, now_ms)
    repository = Repository(folder, keys, root=root, roles=_new_roles(made[CATALOG].public_key))
    repository.write_root([made[name] for name in ROOT_KEYS], now_ms, first=True)
    for role in ("targets", CATALOG, HISTORY, "snapshot", "timestamp"):
        repository.touch(role)
    repository.commit(now_ms)
    return repository


def rotate(repository: Repository, role: str, now_ms: int) -> list[str]:
    """Give a role a new key, or the root three; return the ids of the new keys. Old ones are not believed any more.

    Raises:
        HubFault: no such role, or the keys that have to sign the change are not here.
    """
    if role == "root":
        return _rotate_root(repository, now_ms)
    if role == CATALOG:
        return [_rotate_catalog(repository, now_ms)]
    if role not in _ONLINE:
        raise HubFault(f"there is no role {role!r}", hint=f"one of {', '.join(ROTATABLE)}")
    return [_rotate_top(repository, role, now_ms)]


def renew_root(repository: Repository, now_ms: int) -> None:
    """Sign the root for another year with the keys that it has.

    Raises:
        HubFault: fewer of its keys are here than have to sign.
    """
    repository.write_root(_root_signers(repository), now_ms)


def _rotate_top(repository: Repository, role: str, now_ms: int) -> str:
    keys, root = repository.keys, repository.root.signed
    signers = _root_signers(repository)
    new = keys.new()
    keys.keep(_next(role), new)
    repository.touch(role)
    if repository.signs(role):
        repository.commit(now_ms, also={role: new})
    for old in list(root.roles[role].keyids):
        root.revoke_key(old, role)
    root.add_key(new.public_key, role)
    repository.write_root(signers, now_ms)
    keys.rename(_next(role), role)
    repository.touch(role)  # without the old key, or, where that was lost, for the first time
    repository.commit(now_ms)
    return str(new.public_key.keyid)


def _rotate_catalog(repository: Repository, now_ms: int) -> str:
    """No overlap is needed: timestamp.json leads to the old pair of files or to the new one."""
    keys, targets = repository.keys, repository.targets("targets")
    new = keys.new()
    for role in (CATALOG, HISTORY):
        for old in list(targets.get_delegated_role(role).keyids):
            targets.revoke_key(old, role)
        targets.add_key(new.public_key, role)
        repository.touch(role)
    repository.touch("targets")
    keys.keep(_next(CATALOG), new)
    repository.commit(now_ms)
    keys.rename(_next(CATALOG), CATALOG)
    return str(new.public_key.keyid)


def _rotate_root(repository: Repository, now_ms: int) -> list[str]:
    keys, root = repository.keys, repository.root.signed
    old = _root_signers(repository)
    new = {name: keys.new() for name in ROOT_KEYS}
    for name, signer in new.items():
        keys.keep(_next(name), signer)
    for keyid in list(root.roles["root"].keyids):
        root.revoke_key(keyid, "root")
    for signer in new.values():
        root.add_key(signer.public_key, "root")
    repository.write_root([*old, *new.values()], now_ms)
    for name in new:
        keys.rename(_next(name), name)
    return [str(signer.public_key.keyid) for signer in new.values()]


def _root_signers(repository: Repository) -> list[CryptoSigner]:
    role = repository.root.signed.roles["root"]
    names = [*ROOT_KEYS, *map(_next, ROOT_KEYS)]
    found = [signer for name in names if (signer := repository.keys.find(name)) is not None]
    signers = [signer for signer in found if signer.public_key.keyid in role.keyids]
    if len(signers) < role.threshold:
        raise HubFault(
            f"{len(signers)} of the root's keys are in {repository.keys.folder}, and {role.threshold} have to sign",
            hint=f"bring {' or '.join(f'{name}.pem' for name in ROOT_KEYS)} there for as long as this takes",
        )
    return signers


def _new_root(made: dict[str, CryptoSigner], now_ms: int) -> "Metadata[Root]":
    public: dict[str, Key] = {name: signer.public_key for name, signer in made.items()}
    roles = {role: Role([public[role].keyid], 1) for role in _ONLINE}
    roles["root"] = Role([public[name].keyid for name in ROOT_KEYS], ROOT_THRESHOLD)
    named = {public[name].keyid: public[name] for name in (*ROOT_KEYS, *_ONLINE)}
    return Metadata(Root(expires=expiry_of("root", now_ms), keys=named, roles=roles, consistent_snapshot=True))


def _new_roles(catalog: Key) -> dict[str, "Metadata[Any]"]:
    delegated = {
        role: DelegatedRole(role, [catalog.keyid], 1, terminating=False, paths=list(paths))
        for role, paths in ((CATALOG, CATALOG_PATHS), (HISTORY, HISTORY_PATHS))
    }
    roles: dict[str, Metadata[Any]] = {
        "targets": Metadata(Targets(expires=_UNSIGNED, delegations=Delegations({catalog.keyid: catalog}, delegated))),
        CATALOG: Metadata(Targets(expires=_UNSIGNED)),
        HISTORY: Metadata(Targets(expires=_UNSIGNED)),
        "snapshot": Metadata(Snapshot(expires=_UNSIGNED, meta={})),
        "timestamp": Metadata(Timestamp(expires=_UNSIGNED, snapshot_meta=MetaFile(1))),
    }
    for one in roles.values():
        one.signed.version = 0
    return roles


def _next(name: str) -> str:
    """Return the name under which a key waits until it is the one that is believed."""
    return f"{name}.next"
