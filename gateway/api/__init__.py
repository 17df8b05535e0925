"""The management API's shared grammar: operations, permissions, problem details, ETags, cursors.

    permissions.py   what a route can ask for            principal.py   who is asking
    operation.py     one decorator: validate + document   openapi.py     the document made of them
    problem.py       RFC 9457                             etag.py        If-Match, strictly
    page.py          cursors                              idempotency.py replay of POST

A feature's `routes.py` uses these and nothing else of HTTP. No feature package is imported here.
"""
