"""What models exist: entries that a hub signs, kept as a list of this installation's own, and never in a call's way.

    entry       one model as a hub describes it, and whether this program can use it
    operation   a change of the list: an entry put, or one deleted
    state_hash  one digest of the whole list, kept up to date bucket by bucket
    namespace   ids that a publisher signs with a key of its own
    index       which files a hub offers, and the cheapest way from here to there
    hub         the publisher's side: a folder of static files, signed
    bundled     the list that comes with the program

The catalogue proposes; what is served is the registry's. Nothing here is asked while a call runs.
"""
