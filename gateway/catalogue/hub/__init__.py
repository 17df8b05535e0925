"""The publisher's side: a folder of static files that any web server can host, signed as TUF (catalogue.md section 2).

A hub is three folders beside each other:

    public/    what the world reads: metadata/ and targets/; its URL is the hub's
    keys/      private keys, and the root that is trusted; never published
    entries/   the working list, one file for each publisher, for people and their version control

    errors         what is told to whoever publishes
    folder         files that are there whole or not at all; one publisher at a time
    keys           private keys as files
    roles          who signs what, and for how long
    repository     the signed metadata of the public folder: read, verified, signed anew
    working_list   entries as files
    artifact       a file of a model, hashed
    plan           what would be published: changes against what is published
    history        which deltas are kept, and the merged ones
    publish        the plan carried out
    pruning        files that nobody needs any more
    rotate         new keys
    publisher      somebody with a namespace and a key of their own, who leaves the hosting to a hub
    signed_list    what such a publisher has signed, verified
    publishers     the lists that a hub has taken
    delegating     namespaces handed out in the hub's metadata, and taken back
    importers      other lists' facts as entries
    hub            all of it as one object
"""
