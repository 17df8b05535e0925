"""The command line: `modelport`. stdout carries data, stderr carries talk.

    app.py       the tree of commands        command.py   what every command has: flags, session, failures
    client.py    HTTP to the server          lookup.py    names to objects
    output.py    table, JSON, YAML, URL      talk.py      sentences, questions
    failure.py   what goes wrong             exit_codes.py which number that is
    local.py     this machine's own database
    models.py endpoints.py aliases.py teams.py gateways.py keys.py      one file per noun
    resolve.py use.py call.py db.py version.py serve.py config.py init.py   one file per verb

`--help` must stay below 0.4 s: nothing here imports aiohttp, pydantic or SQLAlchemy at the top.
"""
