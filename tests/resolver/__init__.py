"""Tests of the resolver: the address rule and the OpenAI client that follows it."""
