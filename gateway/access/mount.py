"""Everything below a path, as aiohttp's router sees it: compared by its beginning, not taken apart.

Which operation is meant is for operations.py, which reads the raw path. aiohttp's own resource matches a regular
expression and decodes every part: 12 us more of each call. Used by routes.py only; overrides a private method
(`_match`) of aiohttp, whose minor version is pinned.
"""

from aiohttp import web

TEAM_MOUNT = "access/models/"


def base_of(request: web.Request, mount: str, team: str) -> str:
    """Return the path, "/v1/" at its end, with which all calls of the request's kind begin.

    `mount` is where the product is mounted, with a final slash; `team` the call's.
    """
    below = request.rel_url.raw_path.startswith(f"{mount}{TEAM_MOUNT}")
    return f"{mount}{TEAM_MOUNT}{team}/v1/" if below else f"{mount}v1/"


class Mount(web.DynamicResource):
    """All paths that begin with `prefix`, which ends in a slash."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"{prefix}{{tail:.*}}")
        self._prefix = prefix

    def _match(self, path: str) -> dict[str, str] | None:
        return {} if path.startswith(self._prefix) else None


class TeamMount(web.DynamicResource):
    """All paths that begin with `prefix` and the name of a team, whichever."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"{prefix}{{team}}/{{tail:.*}}")
        self._prefix = prefix

    def _match(self, path: str) -> dict[str, str] | None:
        if not path.startswith(self._prefix):
            return None
        team, slash, _ = path[len(self._prefix) :].partition("/")
        return {} if team and slash else None
