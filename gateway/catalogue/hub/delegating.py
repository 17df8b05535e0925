"""Namespaces handed to publishers' keys in the signed metadata, and taken back (catalogue.md section 2)."""

from collections.abc import Mapping

from tuf.api.metadata import DelegatedRole, MetaFile

from gateway.catalogue.hub.errors import HubFault
from gateway.catalogue.hub.folder import write_whole
from gateway.catalogue.hub.repository import Repository, check_hash
from gateway.catalogue.hub.signed_list import SignedList
from gateway.catalogue.namespace import paths_of, role_of


def delegate(repository: Repository, publishers: Mapping[str, SignedList]) -> None:
    """Have the repository delegate to exactly these, and name the lists that they signed.

    Raises:
        HubFault: a later list of one of them was published.
    """
    for name in repository.publishers():
        if name not in publishers:
            _revoke(repository, name)
    for one in publishers.values():
        _accept(repository, one)


def _accept(repository: Repository, signed: SignedList) -> None:
    role, delegated = role_of(signed.publisher), repository.delegated
    known = repository.snapshot.meta.get(f"{role}.json")
    if known is not None and signed.version < known.version:
        raise HubFault(
            f"the list of {signed.publisher} is older than the one that was published",
            hint="take the public folder that the publisher has now",
        )
    if known is not None and signed.version == known.version:
        check_hash(repository.versioned(role, known.version), known, signed.content)
    roles = dict(delegated.roles or {})
    if role not in roles or roles[role].keyids != [signed.key.keyid]:
        roles.pop(role, None)
        made = DelegatedRole(role, [signed.key.keyid], 1, terminating=True, paths=list(paths_of(signed.publisher)))
        delegated.keys[signed.key.keyid] = signed.key
        delegated.roles = {role: made} | roles  # before `catalog`: nobody else is asked for these paths
        _forget_keys(repository)
        repository.touch("targets")
    if known is None or known.version != signed.version or role not in roles:
        for path, content in signed.targets.items():
            write_whole(repository.path_of(signed.metadata.signed.targets[path]), content)
        write_whole(repository.versioned(role, signed.version), signed.content)
        repository.snapshot.meta[f"{role}.json"] = MetaFile.from_data(signed.version, signed.content, ["sha256"])
        repository.hold(role, signed.metadata)


def _revoke(repository: Repository, publisher: str) -> None:
    """Believe a publisher no longer. The snapshot goes on naming its version, as TUF asks of every name."""
    role, delegated = role_of(publisher), repository.delegated
    delegated.roles = {name: one for name, one in (delegated.roles or {}).items() if name != role}
    _forget_keys(repository)
    repository.forget(role)
    repository.touch("targets")


def _forget_keys(repository: Repository) -> None:
    delegated = repository.delegated
    used = {keyid for one in (delegated.roles or {}).values() for keyid in one.keyids}
    delegated.keys = {keyid: key for keyid, key in delegated.keys.items() if keyid in used}
