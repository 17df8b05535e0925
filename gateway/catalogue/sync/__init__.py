"""How the list follows its hub (catalogue.md sections 5 and 7). It never stands in the way of a call.

once        one look: what is current, the cheapest way there, and the list that follows from it
taking      files of the hub into the store: deltas, or the whole list
brake       a list that takes very much away waits for somebody (section 5, step 5)
pace        when the next look is: jitter, backoff, breaker (pure)
situation   what is remembered from look to look, by all processes
status      how fresh the list is, in the words of section 7
lease       which process looks
worker      looks again and again, and notices what other processes took
"""
