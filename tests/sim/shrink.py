"""Delta debugging: a shorter sequence with the same first difference."""

BUDGET = 60             # runs


def shrink(ops, still):
    """The shortest found; `still(ops)` runs it and says whether it shows it."""
    budget, size = BUDGET, max(1, len(ops) // 2)
    while size >= 1 and budget > 0:
        at = 0
        while at < len(ops) and budget > 0:
            shorter = ops[:at] + ops[at + size:]
            budget -= 1
            if shorter and still(shorter):
                ops = shorter
            else:
                at += size
        size //= 2
    return ops
