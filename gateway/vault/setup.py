"""Which sources the settings mean: for the server's composition root and for commands that work on the database.

The files made at first start lie in `data_dir` itself, outside the directory that `file:` references may read.
"""

from collections.abc import Mapping
from pathlib import Path

from gateway.settings import Settings
from gateway.storage.clock import Clock
from gateway.storage.engine import Database
from gateway.vault.references import ReferenceReader
from gateway.vault.root_keys import RootKeys, load_root_keys
from gateway.vault.vault import Vault

KEK_FILE = "key-encryption-key"
PEPPER_FILE = "pepper"
AUDIT_FILE = "audit-key"
SIGNING_FILE = "audit-signing-key"
CHECKPOINTS_FILE = "audit-checkpoints.jsonl"


def make_vault(settings: Settings, database: Database, *, environment: Mapping[str, str], clock: Clock) -> Vault:
    """Return the vault. A key-encryption key of its own is made when the first secret is stored.

    Raises:
        ConfigError: the configured source is missing, open to other users, or no key.
    """

    def root_keys() -> RootKeys:
        return load_root_keys(
            settings.secrets.kek,
            setting="secrets.kek",
            generated=settings.data_dir / KEK_FILE,
            environment=environment,
        )

    if settings.secrets.kek is not None:
        root_keys()  # a wrong reference is told at the start, not at the first secret
    reader = ReferenceReader(
        environment=environment, directories=secret_directories(settings), monotonic=clock.monotonic
    )
    return Vault(database, root_keys=root_keys, references=reader, clock=clock)


def load_peppers(settings: Settings, *, environment: Mapping[str, str]) -> RootKeys:
    """Return the peppers of callers' keys; the file in `data_dir` is made when none is configured.

    Raises:
        ConfigError: the configured source is missing, open to other users, or no pepper.
    """
    return load_root_keys(
        settings.secrets.pepper,
        setting="secrets.pepper",
        generated=settings.data_dir / PEPPER_FILE,
        environment=environment,
    )


def load_audit_keys(settings: Settings, *, environment: Mapping[str, str], create: bool = True) -> RootKeys:
    """Return the keys that seal the record of changes; the file in `data_dir` is made when none is configured.

    Raises:
        ConfigError: the configured source is missing, open to other users, or no key.
    """
    return load_root_keys(
        settings.secrets.audit,
        setting="secrets.audit",
        generated=settings.data_dir / AUDIT_FILE,
        environment=environment,
        create=create,
    )


def load_signing_keys(settings: Settings, *, environment: Mapping[str, str], create: bool = True) -> RootKeys:
    """Return the seeds of the keys that sign checkpoints of the record; raises as `load_audit_keys`."""
    return load_root_keys(
        settings.secrets.audit_signing,
        setting="secrets.audit_signing",
        generated=settings.data_dir / SIGNING_FILE,
        environment=environment,
        create=create,
    )


def checkpoints_file(settings: Settings) -> Path:
    """Return where signed checkpoints of the record go."""
    return settings.audit.checkpoints or settings.data_dir / CHECKPOINTS_FILE


def secret_directories(settings: Settings) -> tuple[Path, ...]:
    """Return where `file:` credentials may lie, the one for relative paths first."""
    if settings.secrets.file_directory is not None:
        return (settings.secrets.file_directory,)
    return (settings.data_dir / "secrets", Path("/run/secrets"))
