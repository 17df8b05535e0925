"""The whole product beside a hub that has rules, both in the test's own process."""

from tests.catalogue.api.conftest import caller, follow, hub, hub_server, process_settings, start, upstream

__all__ = ["caller", "follow", "hub", "hub_server", "process_settings", "start", "upstream"]
