"""What other programs' model lists become here: text in, rows out. Pure; `gateway/cli/importing.py` reads and applies.

    source.py      the text with the line of every value       reading.py      which format it is
    litellm.py     LiteLLM's model_list, and router.py what stands beside it
    llama_swap.py  llama-swap's models and peers                openai_list.py  `{"data": [{"id": …}]}`
    providers.py   whose API is OpenAI's, and where             reasons.py      why something has no counterpart
    draft.py       collects rows                                plan.py         what comes out

No secret of the source leaves here: a key that was typed becomes the name of a variable to put it in.
"""
