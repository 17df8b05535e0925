"""Whom the catalogue believes: signatures, and nothing that only a network said (catalogue.md sections 2 and 8).

    errors        what can be wrong with a hub, as kinds; and which state of section 7 each is
    floor         what time it is at least (CAT-32)
    high_water    what was seen once is never less again (CAT-31)
    answers       one answer of a hub, as it travelled: bounds of size and time
    bridge        python-tuf's thread reads through the egress of this process's loop (CAT-30)
    updater       python-tuf's updater with our floor and our marks
    directory     one process at a time, and what is broken there is made anew (CAT-33)
    hub           `TrustedHub`: refresh and fetch

`bridge` and `updater` import tuf, a fifth of a second: `hub` imports them in its thread, when a hub is asked first.
"""
