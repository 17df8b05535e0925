"""A model made of an entry without anybody asking: through the gate and the door that everybody's models go through."""

from typing import Final

from gateway.api.acting import SYSTEM, act_as
from gateway.api.permissions import ROLES, Role
from gateway.api.principal import Principal
from gateway.registry.gate import Candidate, Gate, admit
from gateway.registry.inputs import ModelCreate, RegisterQuery
from gateway.registry.service.models import ModelService

AUTHOR: Final = Principal(key_id=None, name="catalogue.adopt", role=Role.ADMIN, permissions=ROLES[Role.ADMIN])
"""Who makes them: the configuration, which an administrator wrote."""


class Making:
    """What the policy makes models with. `server` is this server's own address."""

    def __init__(self, models: ModelService, gate: Gate | None, server: str) -> None:
        self._models = models
        self._gate = gate
        self.server = server

    async def make(self, body: ModelCreate) -> None:
        """Make a model, when the check of its endpoints goes well.

        Raises:
            GatewayError: it does not, or the registry refuses the model.
        """
        wanted = [
            Candidate(
                base_url=one.base_url,
                model=body.name,
                team=body.team,
                task=body.task,
                upstream_model=one.upstream_model,
                api_key=one.api_key,
            )
            for one in body.endpoints
        ]
        with act_as(SYSTEM):
            await admit(self._gate, AUTHOR, wanted, RegisterQuery(), server=self.server)
            await self._models.create(AUTHOR, body, server=self.server)
