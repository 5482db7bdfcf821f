"""Numbers in sentences."""


def counted(n: int, noun: str) -> str:
    """Return how many there are of something, in words.

    >>> counted(1, "track"), counted(2, "track")
    ('1 track', '2 tracks')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
