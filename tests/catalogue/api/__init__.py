"""The catalogue as its clients see it: what is kept in memory, the API, what it means for the registry."""
