"""One address per model: turn a published `base_url` into the URL to call, and call it with an OpenAI client.

    resolve("/access/models/team1/", server="https://models.corp.example/ai/")
        -> ResolvedURL https://models.corp.example/ai/access/models/team1/

`import resolver` loads yarl and nothing heavier.
"""

from resolver.address import ResolvedURL, resolve
from resolver.errors import ResolveError

__all__ = ["ResolveError", "ResolvedURL", "resolve"]
