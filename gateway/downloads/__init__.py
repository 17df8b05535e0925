"""A large file from somewhere onto this disk: in parts, resumable, checked, and not there before it is whole.

artefact.py      what is wanted: where it lies, how long it is, which bytes it has
answers.py       what an answer to a ranged request means (pure)
parts.py         a file in parts, and which of them are here (pure)
part_state.py    the same on disk, for the next run
part_file.py     the file while it is not whole: one owner, room for all of it, its end
opening.py       the way to a server: redirects, credentials, failures
sources.py       several servers that have the same file, and which one is asked next
attempt.py       one answer, and its body
sink.py          from a connection to the disk, a block at a time
parallel.py, stream.py   the parts, four at a time; or all of them in one go
hashing.py       what has arrived, along the way and at the end
progress.py      how far it is
engine.py        one download from beginning to end: everybody else uses this

folder.py        where the server's downloads lie, and which names lead there
inputs.py, views.py, service.py, job.py, routes.py   the API; `job.py` carries a download out as an operation
"""
