"""Experiments: which of several orders or proposals a team or a key is shown (CAT-40 to CAT-43).

    bucketing    where a unit falls, from the installation's secret: pure
    experiment   what a hub's signed file says of one, and who takes part: pure
    rendezvous   one of several targets, which stays when others come and go: pure
    secret       the installation's secret, which never leaves it
    exposures    who was shown which variant, counted and told from 20 units on
    provider     variants from an OpenFeature provider that the team has set, instead of our own

They reorder and propose. What an explicit name resolves to is the registry's, which knows nothing of this package.
"""
