"""The configuration as people write it: one file, variables, flags; origins and faults with their places.

    document.py   a YAML file: plain values and the line of each key
    finding.py    what is wrong, where, and what to do
    origin.py     where a value came from
    masking.py    what may be shown
    wording.py    the validator's errors in plain words, without the value
    sources.py    file, variables and flags as `path of the setting -> value`
    loading.py    all of them together: settings, and the objects that the file declares

Below this package nothing reads the environment; `gateway.settings` is the tree of settings alone.
"""
