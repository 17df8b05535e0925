"""Credentials of upstreams: referred to, or stored encrypted; never shown again.

    secret.py      a value that nobody prints by accident        references.py  env:NAME and file:PATH, read at use
    root_keys.py   key-encryption keys and peppers, by rotation  cipher.py      AES-256-GCM with wrapped data keys
    keyring.py     keyring:SERVICE/USER, the system's own store
    store.py       the table `secrets`                           vault.py       Vault: put, resolve, rewrap

Used by the registry (to store) and by the data plane (to resolve); `keys` takes its pepper from `root_keys.py`.
"""
