"""The data plane: an OpenAI-compatible call comes in, the same bytes go to an endpoint and its answer goes back.

operations.py   which path and method is which operation (the fixed table)      pure
headers.py      which headers pass, both ways                                   pure
body.py         model and stream in a JSON body, found and spliced              pure
multipart.py    the model part of an upload, found and spliced in passing       pure + one spool file
balance.py      which endpoint, whether again, whether at all                   pure
sse.py          events of a stream: what leaves now, what was seen              pure
tokens.py       usage objects of every shape                                    pure
relay.py        the only place that touches both sides
"""
