"""How the catalogue is, as a series for a dashboard and its alarms."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.observe.series import Gauge

if TYPE_CHECKING:  # as in series.py
    from prometheus_client.core import Metric


class StateGauge(Gauge):
    """One row with the state in words, and the kind of the last failure; its value is 1."""

    def __init__(self, reading: Callable[[], tuple[str, str]]) -> None:
        super().__init__("modelport_catalogue_state", "State of the catalogue, and the kind of the last failure.")
        self._reading = reading

    def freeze(self) -> "Metric":
        """Return what is so now, for writing out."""
        from prometheus_client.core import GaugeMetricFamily  # as above

        family = GaugeMetricFamily(
            self.name, "State of the catalogue, and the kind of the last failure.", labels=["state", "error"]
        )
        family.add_metric(self._reading(), 1.0)
        return family
