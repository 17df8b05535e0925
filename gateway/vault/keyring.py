"""`keyring:SERVICE/USER`: a secret in the operating system's own store (security.md SEC-2, SEC-3).

The package `keyring` is an extra and is imported when such a reference is read. Reading may take as long as the store
likes: whoever serves others meanwhile reads in a thread.
"""

from importlib import import_module

from gateway.errors import ConfigError

KIND = "keyring"


def check_name(name: str) -> None:
    """Raise ConfigError unless the text names a service and a user."""
    service, slash, user = name.partition("/")
    if not (service and slash and user):
        raise ConfigError(
            f"what follows {KIND}: names no entry",
            hint="write keyring:SERVICE/USER, for example keyring:modelport/openai",
        )


def read_entry(name: str) -> str:
    """Return the text that the store holds under `SERVICE/USER`.

    Raises:
        ConfigError: the extra is not installed, there is no such entry, or the store cannot be opened.
    """
    check_name(name)
    try:
        keyring = import_module("keyring")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{KIND}:{name} needs the package keyring", hint='install it beside modelport: "modelport[keyring]"'
        ) from error
    service, _, user = name.partition("/")
    try:
        text: str | None = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise ConfigError(f"{KIND}:{name} cannot be read: {type(error).__name__}") from error
    if text is None:
        raise ConfigError(f"{KIND}:{name} is not there", hint=f"store it: keyring set {service} {user}")
    return text
