#!/usr/bin/env python3
"""A floor at work on loopback: agents with SIPp phones, customers by a trunk, ten minutes of real time. Called by `make bench-floor`.

It fails unless no call is lost, no phone rings for two, and all who can be asked of an agent say the same in every second. Options:
--agents, --calls, --seconds, --shift (how much shorter agents ring and talk), --patient (hold nobody to times), --net 127.0.0, --binary FILE, --write (into BENCHMARKS.md)."""

import argparse
import pathlib
import shutil
import signal
import sys
import types

sys.dont_write_bytecode = True
from measure import floor, machine, parts, processes  # noqa: E402


def main():
    wanted = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, lambda number, _: sys.exit(f"stopped by {signal.Signals(number).name}"))
    signal.alarm(round(wanted.seconds * 1.5) + 300)
    try:
        return measure(wanted)
    finally:
        signal.alarm(0)
        processes.end_all()


def measure(wanted):
    place = make_place(wanted)
    machine.allow_many_files()
    facts = machine.facts(place)
    neighbours = machine.Neighbours()
    day = floor.Day(place, wanted.agents, wanted.calls, wanted.seconds, wanted.shift, wanted.patient)
    day.work()
    facts["other work on the machine meanwhile"] = f"{neighbours.percent():.0f} % of it"
    facts["command"] = "make bench-floor" if wanted.write else " ".join(["tests/bench/floor.py", *sys.argv[1:]])
    text = day.report(facts)
    (place.tools / "floor.md").write_text(text)
    print(text)
    if wanted.write:
        path = place.root / "BENCHMARKS.md"
        path.write_text(parts.put_into(path.read_text(), "floor", text))
    for fault in day.faults:
        print(f"FAULT: {fault}")
    return 1 if day.faults else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=300)
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--shift", type=float, default=1)
    parser.add_argument("--net", default="127.0.0")
    parser.add_argument("--binary", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--patient", action="store_true")
    parser.add_argument("--write", action="store_true")
    wanted = parser.parse_args()
    if not wanted.net.startswith("127."):
        parser.error("--net: only loopback, such as 127.0.0")
    if not 10 <= wanted.agents <= 300:
        parser.error("--agents: 10 to 300")
    return wanted


def make_place(wanted):
    source = pathlib.Path(__file__).resolve().parent
    root = source.parents[1]
    tools = wanted.work or root / "target" / "bench"
    # A folder of its own: another bench in this tree empties the other.
    work = tools / "floor"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    binary = wanted.binary or root / "target" / "release" / "moonswitch"
    if not binary.exists():
        sys.exit(f"{binary} is missing: run `make bench-floor`, or `cargo build --release` first")
    if not shutil.which("sipp"):
        sys.exit("sipp is missing; `make bench-floor` installs what it needs")
    net = wanted.net
    return types.SimpleNamespace(
        root=root, source=source, tools=tools, work=work, net=net, engine=f"{net}.1", caller=f"{net}.2", binary=binary,
    )


if __name__ == "__main__":
    sys.exit(main())
