"""Many sequences on two servers, by several processes; what they found, grouped
by the first thing that differs."""

import collections
import multiprocessing
import os
import queue
import time
import traceback

import compare
import generate
import shrink
from kinds import KINDS
from servers import Server

SHOWN_SEEDS = 8


class Group:
    """Mismatches with the same signature (or signatures that come together)."""

    def __init__(self, signatures, mismatches):
        self.signatures, self.mismatches = signatures, mismatches
        self.example = min(mismatches, key=lambda m: (m.index, len(m.ops)))

    @property
    def kinds(self):
        return collections.Counter(m.kind for m in self.mismatches)


def group(mismatches):
    """Most frequent first. Signatures that always come together are one group."""
    by_signature = collections.defaultdict(list)
    for mismatch in mismatches:
        for signature in mismatch.signatures:
            by_signature[signature].append(mismatch)
    together = collections.defaultdict(list)
    for signature, found in by_signature.items():
        together[tuple(m.seed for m in found)].append((signature, found))
    groups = [Group([s for s, _ in members], members[0][1]) for members in together.values()]
    return sorted(groups, key=lambda g: (-len(g.mismatches), g.signatures[0]))


def shown_twice(first, second):
    """Those of `second` that show something that `first` showed at the same
    seed."""
    before = {m.seed: set(m.signatures) for m in first}
    return [m for m in second if before.get(m.seed, set()) & set(m.signatures)]


class Campaign:
    """`servers`: a function that makes the pair (sim, real) for one process."""

    def __init__(self, servers, only=None, jobs=4, progress=None):
        self._servers, self._only, self._progress = servers, only, progress
        context = multiprocessing.get_context("fork")
        self._tasks, self._results = context.Queue(), context.Queue()
        self._run = f"{os.getpid() % 10000}t{int(time.time()) % 100000}"
        self._processes = [context.Process(target=self._work, args=(n,), daemon=True)
                           for n in range(jobs)]
        for process in self._processes:
            process.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.terminate()
            process.join()

    def run(self, seeds):
        """The mismatches of these seeds, in their order."""
        return self._each([("seed", seed) for seed in seeds])

    def run_twice(self, seeds):
        """What differs in the same way when it is done again. A real server is
        not the same twice everywhere: of several faults it may name those that a
        Go map gave first."""
        found = self.run(seeds)
        kept = shown_twice(found, self.run([m.seed for m in found]))
        for seed in sorted({m.seed for m in found} - {m.seed for m in kept}):
            print(f"seed {seed} differed once and not again")
        return kept

    def shorten(self, groups):
        """The example of each group becomes as short as it can be found."""
        tasks = [("shrink", (n, g.example.seed, g.example.ops, g.signatures))
                 for n, g in enumerate(groups)]
        for number, mismatch in self._each(tasks):
            groups[number].example = mismatch

    def _each(self, tasks):
        for task in tasks:
            self._tasks.put(task)
        found, waited = [], 0
        for done in range(len(tasks)):
            while True:
                try:
                    error, result = self._results.get(timeout=10)
                    break
                except queue.Empty:
                    waited += 10
                    if not any(p.is_alive() for p in self._processes):
                        raise RuntimeError("every worker has ended") from None
            if error:
                raise RuntimeError(error)
            if result:
                found.append(result)
            if self._progress:
                self._progress(done + 1, len(tasks), len(found))
        return sorted(found, key=lambda f: f.seed if hasattr(f, "seed") else f[0])

    # In the worker.

    def _work(self, number):
        try:
            sim, real = self._servers()
        except Exception:
            self._results.put((traceback.format_exc(), None))
            return
        count = 0
        while True:
            what, argument = self._tasks.get()
            count += 1
            try:
                prefix = f"cf{self._run}w{number}n{count}"
                if what == "seed":
                    ops = generate.generate(argument, self._only)
                    result = compare.run_both(sim, real, prefix, ops, argument)
                else:
                    result = self._shrink(sim, real, prefix, argument)
                self._results.put((None, result))
            except Exception:
                self._results.put((f"{what} {argument}: {traceback.format_exc()}", None))

    @staticmethod
    def _shrink(sim, real, prefix, argument):
        number, seed, ops, signatures = argument
        best, runs = None, 0

        def still(shorter):
            nonlocal best, runs
            runs += 1
            mismatch = compare.run_both(sim, real, f"{prefix}r{runs}", shorter, seed)
            if mismatch and set(signatures) & set(mismatch.signatures):
                best = mismatch
                return True
            return False
        shrink.shrink(ops, still)
        return best and (number, best)


def connect(sim, real, real_name="real"):
    """Pairs of servers for the processes of a Campaign, from kubeconfigs."""
    return lambda: (Server("sim", sim), Server(real_name, real))


def report(groups, total, differing, examples):
    """The text that people read."""
    lines = [f"{differing} of {total} sequences differ, in {len(groups)} ways"]
    for number, g in enumerate(groups, 1):
        kinds = ", ".join(f"{kind} {n}" for kind, n in g.kinds.most_common(6))
        lines += ["", f"#{number}  {len(g.mismatches)} x  {kinds}"]
        lines += [f"    {signature}" for signature in g.signatures[:10]]
        if len(g.signatures) > 10:
            lines.append(f"    ... and {len(g.signatures) - 10} more that come with it")
        seeds = " ".join(str(m.seed) for m in g.mismatches[:SHOWN_SEEDS])
        lines.append(f"    seeds {seeds}")
        if number <= examples:
            lines += [f"    | {line}" for line in sequence(g.example).split("\n")]
    return "\n".join(lines)


def sequence(mismatch):
    """An example: how it came to the mismatch, then the mismatch."""
    lines = []
    for op in mismatch.ops[:mismatch.index]:
        words = {k: v for k, v in op.items() if k not in ("id", "kind", "sentinel") and v not in ({}, [])}
        lines.append(f"first: {KINDS[op['kind']].name} {str(words)[:700]}")
    return "\n".join([*lines, compare.describe(mismatch)])
