"""Fuzzing: harnesses with a law each, a corpus, and two ways to run them."""
