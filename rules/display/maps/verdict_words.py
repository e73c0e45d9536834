"""A verdict as people read it: its sign and its word."""

from onemap.layers.messages import phrase


def verdict_words(verdict: str, language: str) -> str:
    """The sign of a verdict and its word, such as “✕ prohibited”."""
    return f"{phrase(f'sign.{verdict}', language)} {phrase(f'verdict.{verdict}', language)}"
