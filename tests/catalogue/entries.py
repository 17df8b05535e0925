"""Entries to test with: whole ones, as a hub would send them."""

import hashlib
from typing import Any

SHA = "5f" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def entry(number: int = 0, /, **changes: Any) -> dict[str, Any]:
    """Return an entry of about 900 bytes that has every usual member; `changes` replace members."""
    return {
        "schema": 1,
        "id": f"acme/coder-{number}",
        "rev": 1,
        "kind": "offering",
        "base_model": "acme/coder",
        "display_name": f"Coder {number}",
        "publisher": "acme",
        "family": "coder",
        "license": "apache-2.0",
        "open_weights": True,
        "status": "active",
        "deprecated_at": None,
        "sunset_at": None,
        "successor": None,
        "api": ["openai.chat"],
        "endpoint": {"base_url": f"https://api.acme.example/{number}/v1", "auth": "bearer", "region": ["eu", "us"]},
        "modalities": {"in": ["text", "image"], "out": ["text"]},
        "capabilities": {"stream": True, "tools": True, "json_schema": True, "reasoning": False},
        "limits": {"context": 131072, "max_output": 8192},
        "price": {"currency": "USD", "unit": "1M_tokens", "in": "0.25", "out": "1.00", "as_of": "2026-11-01"},
        "availability": {"regions": ["eu", "us"], "not_in": [], "residency": ["eu"]},
        "tags": ["code"],
        "aliases": [f"acme/coder-{number}-latest"],
        "updated_at": "2026-11-18T00:00:00Z",
    } | changes


def noisy(number: int = 0, /, **changes: Any) -> dict[str, Any]:
    """Return an entry that does not pack well: with generated ones alone, the snapshot is smaller than most deltas."""
    noise = "".join(hashlib.sha256(f"{number} {part}".encode()).hexdigest() for part in range(12))
    return entry(number, description=noise, **changes)


def artifact(**changes: Any) -> dict[str, Any]:
    """Return a file of a model as an entry names it."""
    return {
        "role": "weights",
        "url": f"https://files.acme.example/coder/resolve/{COMMIT}/f.gguf",
        "size": 4_100_000_000,
        "sha256": SHA,
        "quant": "Q4_K_M",
    } | changes
