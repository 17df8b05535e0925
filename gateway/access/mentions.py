"""Which files does a JSON body name? A caller must not reach another team's file through a prompt (decisions/0004).

The bytes are known to be grammatical JSON (body.py). Only members called `file_id` and `file_ids` are looked at, at any
depth and in any spelling; text that merely talks about them is not, since its quotes are escaped. Pure.
"""

import json
import re
from typing import Final

from gateway.errors import InvalidRequest

MAX_MENTIONS: Final = 10_000
"""Members of one body that name files: far above what providers take, and 50 ms to look at."""


def mentioned_files(body: bytes) -> frozenset[str]:
    """Return the ids of files that the body names.

    Raises: InvalidRequest beyond MAX_MENTIONS.

    >>> mentioned_files(b'{"input":[{"type":"input_file","file_id":"file-1"}]}')
    frozenset({'file-1'})
    """
    if b"file_id" not in body and (b"\\" not in body or b"\\u00" not in body):
        return frozenset()
    texts: list[bytes] = []
    for seen, member in enumerate(_MEMBER.finditer(body)):
        texts += _STRINGS.findall(member[1] or b"")
        if max(seen, len(texts)) > MAX_MENTIONS:
            raise InvalidRequest(f"the body names files more than {MAX_MENTIONS} times", param="file_id")
    return frozenset(json.loads(text) for text in texts)


def _in_any_spelling(text: str) -> bytes:
    """Return a pattern of the text inside a JSON string, each character plain or as an escape."""
    return b"".join(rb"(?:%c|\\u00(?i:%02x))" % (ord(one), ord(one)) for one in text)


_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS: Final = re.compile(_STRING)
_MEMBER: Final = re.compile(
    rb'"%s(?:%s)?"[ \t\r\n]*:[ \t\r\n]*(%s|\[(?:[ \t\r\n,]*%s){0,%d}+)?'
    % (_in_any_spelling("file_id"), _in_any_spelling("s"), _STRING, _STRING, MAX_MENTIONS + 1)
)
