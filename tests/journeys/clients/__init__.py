"""Programs that use one client library each, as its users would. Each runs in an environment of its own."""
