"""What a person reads when the server has started: at most eight lines, nothing that is not needed first. Pure."""

from pathlib import Path

from gateway import __version__
from gateway.settings import Settings, shown_host
from gateway.vault.secret import Secret

_ASK_ECHO = '{"model":"echo","stream":true,"messages":[{"role":"user","content":"good morning"}]}'


def greeting(
    settings: Settings, address: str, port: int, admin_key: Secret | None, *, config: Path | None = None
) -> list[str]:
    """Return the lines: where it is, the first administrator's key if it was just made, what to type next."""
    lines = [f"modelport {__version__} ({settings.role})  {address}"]
    if settings.server.public_origin is not None:  # the proxy in front needs to know where to find this process
        lines.append(f"  listens at http://{shown_host(settings.server.host)}:{port}{settings.server.mount}")
    if settings.role == "server":
        lines.append(f"  API        {address}api/v1    docs {address}api/docs")
        lines.append(f"  base_url   {address}access/models/default/")
    if config is not None:
        lines.append(f"  config     {config}")
    if admin_key is not None:
        lines.append(f"  admin key  {admin_key.reveal()}   (shown this once)")
    if settings.role == "gateway":
        return [*lines, "  base_url   the same: calls of every team are answered here, and nothing else is"]
    if not settings.demo:
        return [*lines, "  Try: modelport models add NAME --endpoint http://localhost:8000/v1"]
    key = "" if settings.keyless else ' -H "Authorization: Bearer $MODELPORT_KEY"'
    paste = f"curl -N {address}v1/chat/completions{key} -H 'Content-Type: application/json' -d '{_ASK_ECHO}'"
    return [*lines, "  model      echo, built in: it repeats what it is told. Paste this:", paste]
