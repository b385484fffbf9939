#!/usr/bin/env python3
"""Measures the exchange on loopback, at most ten minutes, and writes BENCHMARKS.md. Called by `make bench`.

Options: --quick (seconds instead of tens of seconds, to try the bench itself: writes target/bench/BENCHMARKS.md),
--only RUNS (letters, or `micro`), --net 127.0.0 (three loopback addresses of this net are used), --out FILE."""

import argparse
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
import types

sys.dont_write_bytecode = True
from measure import api, machine, micro, parts, processes, report, runs  # noqa: E402

MOST_SECONDS = 580
STEPS = {
    "g": [runs.start_and_reload],
    "a": [runs.answered],
    "b": [runs.bridged],
    "c": [runs.sound],
    "d": [runs.prompt],
    "e": [runs.recorded],
    "f": [runs.transcoded, runs.rooms],
    "q": [runs.waiting],
    "p": [api.beside_calls, api.orders],
    "h": [runs.post_dial_delay],
    "micro": [micro.parsers, micro.acd, micro.scripts, micro.boards, micro.packets, micro.allocations],
}


class Bench:
    """What has been measured so far, and the time that is left."""

    def __init__(self, place, facts, open_files, has_relay, quick):
        self.place, self.facts, self.open_files = place, facts, open_files
        self.has_relay, self.quick = has_relay, quick
        self.values, self.beside, self.details, self.notes = {}, {}, {}, []
        self.deadline = time.monotonic() + MOST_SECONDS

    def seconds(self, usual):
        return 3 if self.quick else usual

    def has_time(self, seconds, what):
        """Whether this much work still fits; if not, the report says what is missing."""
        if time.monotonic() + seconds < self.deadline:
            return True
        self.note(f"{what}: left out, the ten minutes were over")
        return False

    def figure(self, name, value):
        assert name in report.FIGURES, name
        self.values[name] = float(value)

    def compare(self, name, text):
        """What a peer reached in this figure, in the same run."""
        self.beside[name] = text

    def detail(self, run, **row):
        self.details.setdefault(run, []).append(row)
        print(f"  {run}: " + ", ".join(f"{name} {value}" for name, value in row.items() if value != ""), flush=True)

    def note(self, text):
        self.notes.append(text)
        print(f"  note: {text}", flush=True)


def main():
    wanted = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, lambda number, _: sys.exit(f"stopped by {signal.Signals(number).name}"))
    signal.alarm(MOST_SECONDS + 15)
    try:
        return measure(wanted)
    finally:
        signal.alarm(0)
        processes.end_all()


def measure(wanted):
    place = make_place(wanted)
    build_tools(place)
    open_files = machine.allow_many_files()
    bench = Bench(place, machine.facts(place), open_files, has_relay=not missing(place, "kamailio", "rtpengine"), quick=wanted.quick)
    if not bench.has_relay:
        bench.note("kamailio or rtpengine is missing: nothing was measured beside us")
    for name, text in bench.facts.items():
        print(f"{name}: {text}")
    neighbours = machine.Neighbours()
    began = time.monotonic()
    for run, steps in STEPS.items():
        if wanted.only and run not in wanted.only:
            continue
        for step in steps:
            print(f"== {step.__doc__.splitlines()[0]}", flush=True)
            try:
                step(bench)
            except Exception as error:  # One run that fails must not cost the others their figures.
                traceback.print_exc()
                bench.note(f"run {run} has failed: {error}")
    others = neighbours.percent()
    bench.facts["command"] = "make bench" if not sys.argv[1:] else "tests/bench/run.py " + " ".join(sys.argv[1:])
    bench.facts["took"] = f"{time.monotonic() - began:.0f} s"
    bench.facts["other work on the machine meanwhile"] = f"{others:.0f} % of it"
    if others > 15:
        bench.note(f"the machine was not quiet: others used {others:.0f} % of it, so times and rates look worse than they are")
    write(bench, place, wanted)
    return 1 if not wanted.only and report.failed_marks(bench) else 0


def write(bench, place, wanted):
    before = report.previous(place.root / "BENCHMARKS.md")
    how_to_read = (place.source / "reading.md").read_text()
    kept = parts.kept(place.root / "BENCHMARKS.md")
    wanted.out.write_text(report.render(bench, before, how_to_read, kept))
    print("\n".join(["", *report.summary(bench, before), ""]))
    for text in report.failed_marks(bench) if not wanted.only else []:
        print(f"mark not passed: {text}")
    print(f"written: {wanted.out}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--net", default="127.0.0")
    parser.add_argument("--out", type=pathlib.Path)
    wanted = parser.parse_args()
    if unknown := set(wanted.only) - set(STEPS):
        parser.error(f"--only: no run {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    if not wanted.net.startswith("127."):
        parser.error("--net: only loopback, such as 127.0.0")
    if wanted.out is None:
        # What is not the whole bench must not pass for it.
        partial = wanted.quick or wanted.only
        wanted.out = target(root) / "bench" / "BENCHMARKS.md" if partial else root / "BENCHMARKS.md"
    return wanted


def target(root):
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or root / "target").absolute()


def make_place(wanted):
    source = pathlib.Path(__file__).resolve().parent
    root = source.parents[1]
    tools = target(root) / "bench"
    work = tools / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    net = wanted.net
    place = types.SimpleNamespace(
        root=root, source=source, target=target(root), tools=tools, work=work, net=net,
        engine=f"{net}.1", caller=f"{net}.2", callee=f"{net}.3", binary=target(root) / "release" / "moonswitch",
    )
    if not place.binary.exists():
        sys.exit(f"{place.binary} is missing: run `make bench`, or `cargo build --release` first")
    if lacking := missing(place, "gcc", "sipp"):
        sys.exit(f"missing: {' '.join(lacking)}; `make bench` installs what it needs")
    for host, port in ((place.engine, 5060), (place.caller, 5070), (place.callee, 5080)):
        refuse_if_taken(host, port)
    return place


def missing(place, *names):
    return [name for name in names if not shutil.which(name)]


def refuse_if_taken(host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        try:
            here.bind((host, port))
        except OSError as error:
            sys.exit(f"udp {host}:{port}: {error}; stop what runs there, or choose another --net, such as 127.9.0")


def build_tools(place):
    for arguments in (
        ["-o", place.tools / "callgen", place.source / "callgen.c", "-lm"],
        ["-shared", "-fPIC", "-o", place.tools / "count_allocations.so", place.source / "count_allocations.c"],
    ):
        subprocess.run(["gcc", "-O2", "-w", *map(str, arguments)], check=True)


if __name__ == "__main__":
    sys.exit(main())
