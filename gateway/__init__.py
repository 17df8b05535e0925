"""The modelport server: registry, data plane, management API and command line."""

__version__ = "0.1.0"
