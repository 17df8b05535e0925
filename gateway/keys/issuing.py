"""What a new, changed, rotated or revoked key looks like. Pure: records in, records out."""

from typing import Any

from msgspec.structs import replace

from gateway.api.permissions import Role
from gateway.api.principal import NO_MODEL, Principal
from gateway.errors import Conflict
from gateway.keys.format import MintedKey, mint
from gateway.keys.grants import Grant
from gateway.keys.hashing import hash_secret
from gateway.keys.model import DAY_MS, KeyInput, KeyPatch, KeyRecord, RotateQuery
from gateway.storage.ids import new_id
from gateway.vault.root_keys import RootKeys

_HOUR_MS = 3_600_000
_TEAMLESS = (Role.ADMIN, Role.AUDITOR)
"""Roles whose work is about the installation: without a word about a team their keys are of every team."""
_DEFAULT_TEAM = "default"


def issued(
    wanted: KeyInput, maker: Principal | None, limits: Grant | None, *, peppers: RootKeys, now_ms: int
) -> tuple[KeyRecord, MintedKey]:
    """Return a new key and its text; what was left out is as narrow as the maker's `limits`."""
    minted, inherited = mint(wanted.env), limits.models if limits else ()
    models = inherited if wanted.models is None else wanted.models
    record = KeyRecord(
        id=new_id("key"),
        key_id=minted.key_id,
        env=wanted.env,
        name=wanted.name,
        team=_team(wanted, maker),
        role=wanted.role,
        hashed=hash_secret(minted.secret, peppers),
        previous=None,
        previous_valid_until=None,
        models=() if models == NO_MODEL else models,
        limited=bool(models),
        cidrs=wanted.cidrs if wanted.cidrs is not None else (limits.cidrs if limits else ()),
        region=wanted.region if "region" in wanted.model_fields_set else (maker.region if maker else None),
        expires_at=_first_end(wanted, limits, now_ms),
        revoked_at=None,
        last_used_at=None,
        created_by=maker.key_id if maker else None,
        rev=1,
        created_at=now_ms,
        updated_at=now_ms,
    )
    return record, minted


def changed(record: KeyRecord, patch: KeyPatch, now_ms: int) -> KeyRecord:
    """Return the key with what was sent; the same one when nothing was."""
    changes: dict[str, Any] = {
        name: getattr(patch, name) for name in patch.model_fields_set if name != "expires_in_days"
    }
    if "models" in changes:
        changes["limited"] = bool(patch.models)
    if "expires_in_days" in patch.model_fields_set:
        changes["expires_at"] = _end(patch.expires_in_days, now_ms)
    return _next(replace(record, **changes), now_ms) if changes else record


def rotated(record: KeyRecord, how: RotateQuery, *, peppers: RootKeys, now_ms: int) -> tuple[KeyRecord, MintedKey]:
    """Return the key with a new secret, and its new text.

    Raises:
        Conflict: it is revoked, or over and gets no new end.
    """
    status = record.status(now_ms)
    if status == "revoked":
        raise Conflict("this key is revoked", code="key_revoked", hint="make a new key")
    if status == "expired" and how.expires_in_days is None:
        raise Conflict("this key is over", code="key_expired", hint="add expires_in_days to give it a new end")
    minted, keeps = mint(record.env, record.key_id), how.previous_valid_hours > 0
    fresh = replace(
        record,
        hashed=hash_secret(minted.secret, peppers),
        previous=record.hashed if keeps else None,
        previous_valid_until=now_ms + how.previous_valid_hours * _HOUR_MS if keeps else None,
        expires_at=record.expires_at if how.expires_in_days is None else _end(how.expires_in_days, now_ms),
    )
    return _next(fresh, now_ms), minted


def revoked(record: KeyRecord, now_ms: int) -> KeyRecord:
    """Return the key at its end; a revoked one as it is."""
    if record.revoked_at is not None:
        return record
    return _next(replace(record, revoked_at=now_ms, previous=None, previous_valid_until=None), now_ms)


def grant_of(record: KeyRecord) -> Grant:
    """Return what the key gives, for comparing."""
    return Grant(record.role, record.team, record.may_call, record.cidrs, record.expires_at)


def _team(wanted: KeyInput, maker: Principal | None) -> str | None:
    if "team" in wanted.model_fields_set:
        return wanted.team
    if maker is not None and maker.team is not None:
        return maker.team
    return None if wanted.role in _TEAMLESS else _DEFAULT_TEAM


def _first_end(wanted: KeyInput, limits: Grant | None, now_ms: int) -> int | None:
    end, limit = _end(wanted.expires_in_days, now_ms), limits.expires_at if limits else None
    if "expires_in_days" in wanted.model_fields_set or end is None or limit is None:
        return end
    return min(end, limit)


def _end(days: int | None, now_ms: int) -> int | None:
    return None if days is None else now_ms + days * DAY_MS


def _next(record: KeyRecord, now_ms: int) -> KeyRecord:
    return replace(record, rev=record.rev + 1, updated_at=now_ms)
