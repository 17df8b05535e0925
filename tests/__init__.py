"""The suite: it mirrors the packages, and adds conformance, journeys, bench, fuzz, vectors and fakes."""
