"""How the model of an entry is called where it is served. Pure."""


def upstream_name(entry_id: str, publisher: str | None) -> str:
    """Return what the model is called where it is served: its id without the publisher's name in front.

    >>> upstream_name("acme/coder-7b", "acme"), upstream_name("Qwen/Qwen3-32B", None)
    ('coder-7b', 'Qwen/Qwen3-32B')
    """
    return entry_id.removeprefix(f"{publisher}/") if publisher else entry_id
