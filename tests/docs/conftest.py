"""The product and a scripted model server, as the tests of the whole product have them."""

from tests.app.conftest import caller, process_settings, start, upstream

__all__ = ["caller", "process_settings", "start", "upstream"]
