"""The data plane: an OpenAI-compatible call comes in, the same bytes go to an endpoint and its answer goes back.

mount.py        below which paths calls are taken                               aiohttp's router
operations.py   which path and method is which operation (the fixed table)      pure
headers.py      which headers pass, both ways                                   pure
body.py         model and stream in a JSON body, found and spliced              pure
  json_text.py    is it a JSON text that every parser reads alike               pure
  members.py      where a top-level member stands                               pure
mentions.py     which files a JSON body names                                   pure
multipart.py    the model part of an upload, found and spliced in passing       one spool file
  form.py         where in a form the model's value stands                      pure
admission.py    which model of which team a call may reach                      pure
balance.py      which endpoint, whether again, whether at all                   pure
dispatch.py     the attempts, one after the other
read_on.py      a call whose caller left, read to its end for its usage
relay.py        the only place that touches both sides
  answer.py       the way back of a whole answer
  passage.py      the way back of a stream, or of anything large
sse.py          events of a stream: what leaves now, what was seen              pure
  framing.py      where an event ends                                           pure
object_list.py  a list of stored objects without those of other teams           pure
tokens.py       usage objects of every shape                                    pure
account.py      what is kept of a call when it has ended
"""
