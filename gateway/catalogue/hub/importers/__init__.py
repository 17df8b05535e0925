"""Other lists' facts as entries: models.dev's `api.json` and LiteLLM's price list, from a file.

    row        what becomes of each thing in the list
    facts      numbers, prices and dates as entries write them
    models_dev, litellm
               the two lists
    reading    which of them a file is

What a list does not say stays unknown; each entry names its source and the licence under which the facts may be passed
on. Nothing is guessed from a name.
"""
