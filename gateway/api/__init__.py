"""The management API's shared grammar: operations, permissions, problem details, ETags, cursors.

    permissions.py   what a route can ask for            principal.py   who is asking
    operation.py     one decorator: validate + document   openapi.py     the document made of them
    inputs.py        body and query as models             openapi_routes.py  served, with a page to read it
    strict_json.py   JSON that means one thing            problem.py     RFC 9457
    etag.py          If-Match, strictly                   page.py        cursors
    idempotency.py   replay of POST                       request.py     what middlewares note on a request

A feature's `routes.py` uses these and nothing else of HTTP. No feature package is imported here.
"""
