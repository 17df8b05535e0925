"""What each kind of registry proves, where it differs from the plain one, and what to do there (PUB-2)."""

from gateway.publish.providers.provider import Existence, Provider, provider_of

__all__ = ["Existence", "Provider", "provider_of"]
