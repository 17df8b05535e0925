"""Stand-ins that tests run on loopback: real sockets, no mocks.

script.py     an answer as data: what to send, when to wait, how to break off
scenarios.py  named scripts, chosen by the request's `model`
journal.py    what the upstream saw, request by request
connection.py one TCP connection of the upstream
control.py    the second port: register scripts, open gates, read the journal
upstream.py   the whole, as a context manager and as a program
naive_proxy.py a plain reverse proxy with default settings: the target on which conformance must fail
modelport_api.py  a small modelport server for tests of its clients: the look-up, and a data plane that answers any path
blackhole.py  an address that never finishes a connect
"""
