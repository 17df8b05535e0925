"""Unmodified clients against real model servers, with modelport in between: through every form of address."""
