"""The modelport server: registry, data plane, management API and command line."""
