"""Every table, for SQLite and PostgreSQL alike. The migrations must build exactly this (a test compares them).

Stores import their tables from here; nobody else does. Rules that hold in every table:

- times are milliseconds since 1970 UTC in a big integer, ids are text made by `ids.new_id`;
- `rev` starts at 1 and grows by one with each write: it is half of the ETag (lifecycle.md section 2);
- references are rows with foreign keys, not names inside JSON (lifecycle.md section 4); RESTRICT unless the row is a
  part of its owner;
- every constraint has a name (see `base.py`), because `engine.conflict_of` reports violations by name.
"""

from gateway.storage.schema.about import alembic_version, meta
from gateway.storage.schema.access import idempotency, key_models, keys
from gateway.storage.schema.base import metadata
from gateway.storage.schema.catalogue import (
    catalogue_highwater,
    catalogue_lease,
    catalogue_pins,
    catalogue_proposals,
    catalogue_suppressions,
    experiment_exposures,
    recommendation_forgotten,
)
from gateway.storage.schema.lifecycle import (
    audit,
    operation_items,
    operations,
    retired_references,
    tombstones,
    workers,
)
from gateway.storage.schema.records import stored_objects, usage_calls, usage_daily
from gateway.storage.schema.registry import (
    aliases,
    endpoints,
    gateways,
    model_fallbacks,
    models,
    registry_changes,
    secrets,
    team_defaults,
    teams,
)
from gateway.storage.schema.triggers import attach

attach(metadata)

__all__ = [
    "alembic_version",
    "aliases",
    "audit",
    "catalogue_highwater",
    "catalogue_lease",
    "catalogue_pins",
    "catalogue_proposals",
    "catalogue_suppressions",
    "endpoints",
    "experiment_exposures",
    "gateways",
    "idempotency",
    "key_models",
    "keys",
    "meta",
    "metadata",
    "model_fallbacks",
    "models",
    "operation_items",
    "operations",
    "recommendation_forgotten",
    "registry_changes",
    "retired_references",
    "secrets",
    "stored_objects",
    "team_defaults",
    "teams",
    "tombstones",
    "usage_calls",
    "usage_daily",
    "workers",
]
