"""The list's own file, `catalog.db` (catalogue.md section 6, L2). It may be thrown away at any time.

store       `CatalogueStore`: the only door, for any process of the machine
whole       a whole list: a new file, proved, then put in use by a rename
build       the lines of a list into the tables
apply       deltas, in place and in one transaction
carry       what a new file takes over from the old one, and what changed between the two
read        questions; `search` is the long one
local       what this installation says of the list: pins, what is out of sight, marks
sweep       whether the file can be believed
files       where it lies
threads     connections, and who may use them

lines, rows, known    from a file's bytes to an entry and its hash
facts, indexing       what filters and searches go by
schema, change, errors
"""
