"""proxy_behaviour as tests: every numbered behaviour that shows from outside, over raw sockets.

Each test is a coroutine over a `Target` (a gateway's address, a key, a model behind which the scripted upstream stands)
and names in its docstring the id that it holds. Under pytest the target is a modelport started for the tests; with
`python -m tests.conformance BASE_URL --key K --model M` it is any other gateway.

    wire.py       one client connection, byte by byte       target.py     where to call, which models there are
    upstream.py   the scripted upstream's control port      case.py       one script, one model, its calls
    events.py     server-sent events for assertions         expect.py     what every refusal must look like
    modelport.py  a modelport process with its settings     management.py its management API
    runner.py     runs the tests without pytest             __main__.py   the command line
"""
