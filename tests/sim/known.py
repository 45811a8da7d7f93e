"""What is deliberately not equal. The same table is in src/sim/README.md."""

# (what differs, why)
KNOWN = ()


def explains(op, ours, theirs):
    """Is the difference of these two answers one of the table?"""
    return False
