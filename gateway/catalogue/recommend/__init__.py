"""Which entries of the catalogue to take: by facts, by signed rules, and by what this installation has learned itself.

    wanted      what somebody asks for
    filters     hard: an entry that does not certainly fit is left out, and counted under the reason
    facts       what can be said of an entry, by name
    condition   `when` a rule applies: a small closed language over facts
    rules       the hub's signed `recommend.json`: rules and experiments, read strictly
    use         the team's own use, latency and errors, from the rows of usage
    score       points, each with the sentence that explains it
    ranking     the best of a whole list
    service     all of it together; routes, views

Everything stays in this installation: what is asked and what is learned goes nowhere.
"""
