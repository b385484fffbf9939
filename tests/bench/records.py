#!/usr/bin/env python3
"""Pages and reports of many calls in the records (engine/store/examples/list_calls.rs). Called by `make bench-records`.

It fails when one of them takes longer than it may. Options: --calls, --write (into BENCHMARKS.md)."""

import argparse
import pathlib
import re
import subprocess
import sys
import types

sys.dont_write_bytecode = True
from measure import machine, parts  # noqa: E402

HOW_TO_READ = """`make bench-records`: calls with two legs and three stretches each, half of them to one hotline, a hundred users, in SQLite. A page has 50 calls; twenty are
turned. Figures are reports of a time in the midst of all. A page may take 50 ms, a report of a day 500 ms, one of a month 5 s."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    release = root / "target" / "release"
    facts = machine.facts(types.SimpleNamespace(root=root, binary=release / "moonswitch"))
    neighbours = machine.Neighbours()
    done = subprocess.run(
        [release / "examples" / "list_calls", str(wanted.calls)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    print(done.stdout)
    facts["other work on the machine meanwhile"] = f"{neighbours.percent():.0f} % of it"
    facts["command"] = "make bench-records" if wanted.write else " ".join(["tests/bench/records.py", *sys.argv[1:]])
    facts.pop("SIPp", None)
    written = re.search(r"^(\d+) calls written at (\d+) calls/s, (\d+) MB$", done.stdout, re.M)
    pages = re.findall(r"^(\S.*?)\s+(\d+)\s+([\d.]+)(?:\s+([\d.]+))?$", done.stdout, re.M)
    if not written or not pages:
        return 1
    rows = [["what", "calls", "first ms", "last ms"]]
    rows.append([f"written at {int(written.group(2)):,} calls/s, {int(written.group(3)):,} MB", f"{int(written.group(1)):,}", "", ""])
    rows += [[what, calls, first, last] for what, calls, first, last in pages]
    verdict = "Nothing takes longer than it may." if done.returncode == 0 else "**Something takes longer than it may.**"
    text = parts.part("records", "A million calls in the records", HOW_TO_READ, facts, rows, verdict)
    if wanted.write:
        path = root / "BENCHMARKS.md"
        path.write_text(parts.put_into(path.read_text(), "records", text))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
