"""The list that comes with the program, for ever: a signed hub as files, so that a first start offline knows models.

    root.json        whom the files below are believed of
    metadata/        the hub's own, as published
    targets/         its one snapshot
    NOTICE           where the facts come from, and under which licence

`loader` reads and verifies it. `make catalogue-bundle` makes it anew (docs/decisions/0023-the-bundled-list.md).
"""
