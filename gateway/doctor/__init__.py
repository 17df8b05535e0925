"""What is wrong with an installation, and the command that mends it (UX-3). Nothing here changes anything.

    finding.py        one line of the result          machine.py        what the checks look at
    table.py          every check in its order        host.py           Python, packages, clock
    configuration.py  the file, variables, flags      places.py         data directory, secrets, disk
    database.py       file or server, revision        port.py           who listens where the server would
    server.py         the running server, key, origin upstreams.py      each endpoint, from this machine

A check never raises: what it cannot look at is `skip`, with the reason.
"""
