"""Knowing a model server by what it answers: `engines` (pure; preflight.md part B, section 9)."""
