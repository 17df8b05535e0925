"""What one can do with the registry. `RegistryService` holds one service per noun; routes and background work use it.

`change.py` transaction, revision and reload in one · `lookup.py` what a caller named and may see · `credential.py` keys
of upstreams · then one file per noun.
"""

from gateway.registry.service.registry_service import RegistryService

__all__ = ["RegistryService"]
