"""A registry's blobs, as a download asks for them: by range, with the registry's own tokens and redirects."""

from collections.abc import Mapping

from gateway.downloads.opening import NotOpened
from gateway.publish.authority import Scope
from gateway.publish.client import RegistryClient
from gateway.publish.messages import Blame, PublishError
from gateway.upstream.transport import UpstreamResponse


class BlobOpener:
    """Opens blobs by their paths; a digest says what they hold, so a redirect to storage is followed."""

    def __init__(self, client: RegistryClient, scope: Scope) -> None:
        self._client = client
        self._scope = scope

    async def open(self, url: str, headers: Mapping[str, str]) -> UpstreamResponse:
        """Return the head of the answer; see `downloads.opening.Opener`."""
        try:
            response, _ = await self._client.open(url, scope=self._scope, headers=headers)
        except PublishError as error:
            raise NotOpened(error, again=error.blame is Blame.REGISTRY) from error
        return response

    def place(self, url: str) -> str:  # noqa: ARG002 - all of them lie there
        """Return the registry as it was written."""
        return self._client.place
