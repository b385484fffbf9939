"""The table, on the screen and in BENCHMARKS.md, with what has got worse since the run before."""

import json
import re

from .figures import FIGURES

HEADINGS = {
    "a": "a: answered and hung up at once (SIPp `uac_short`)",
    "b": "b: bridged, held 5 s, signalling only (SIPp `uac_hold5` to `uas`)",
    "c": "c: bridged with sound both ways (callgen), ours and the relay in turns",
    "d": "d: a prompt of ten seconds looped",
    "e": "e: as c, recorded in stereo",
    "q": "q: waiting in a queue, music",
    "p": "p: the API beside 100 calls with sound",
    "f": "f: PCMU to PCMA",
    "rooms": "f: rooms of three, all of whom speak",
    "g": "g: five reloads of a dialplan of 5,000 routes, 50 calls with sound",
    "h": "h: post-dial delay at 100 calls/s (callgen)",
    "acd": "Distribution of calls (engine/call/examples/acd_rate.rs)",
    "parsers": "Parsers: INVITEs a second of one core (Via, From, To, CSeq, Call-ID, Contact typed)",
    "orders": "p: commands of agents beside 100 calls with sound",
    "boards": "A media thread without sockets: work for conferences of three and supervised conversations (engine/media/examples/board_rate.rs)",
    "scripts": "Scripts: a handler with six waits",
    "packets": "Allocations per packet",
    "allocations": "Allocations in the live process (LD_PRELOAD of `tests/bench/count_allocations.c`)",
}

COLUMNS = {
    "rate": "calls/s", "reached": "reached", "p50": "p50 ms", "p99": "p99 ms", "cpu": "CPU %", "who": "", "loss": "loss %",
    "missing": "packets missing %", "worst_gap": "worst gap ms", "memory": "memory MB", "generator": "generator's CPU %",
    "up": "still up", "ring_p50": "180 p50 ms", "ring_p99": "180 p99 ms", "us": "µs of CPU", "calls_per_s": "calls/s",
    "heap_kib": "Lua KiB parked", "resident_kib": "resident KiB parked", "per_call": "allocations per call",
    "kb_per_call": "KB asked for per call", "in_3_s": "allocations in 3 s", "reloads": "ms each", "clean": "clean",
    "requests": "requests/s", "events": "events", "told_p50": "event p50 ms", "served": "served", "waiting": "waiting",
    "decisions": "decisions/s", "decided_p50": "p50 µs", "decided_p99": "p99 µs", "decided_p999": "p99.9 µs",
    "cpu_per_100": "CPU % per 100 calls", "commands": "commands/s",
}
# In these runs the CPU column is per 100 calls; in a and b it is of the whole level.
PER_HUNDRED = {"c", "d", "e", "f", "q", "rooms"}


def previous(path):
    """The figures of the last run that was written, and its machine."""
    try:
        hidden = re.search(r"<!-- figures (\{.*?\}) -->", path.read_text())
        return json.loads(hidden.group(1)) if hidden else {}
    except (OSError, ValueError):
        return {}


def render(bench, before, how_to_read, kept=""):
    """BENCHMARKS.md, whole; `kept` is what another bench has written there."""
    lines = ["# Benchmarks", "", how_to_read.strip(), "", "## The last run", ""]
    lines += [f"- {name}: {text}" for name, text in bench.facts.items()]
    lines += ["", *summary(bench, before), "", "A mark is what this milestone has to pass; a goal is where the project wants to be.", ""]
    lines += ["## What got worse", "", *_worse(bench, before), ""]
    if bench.notes:
        lines += ["## Notes of this run", "", *[f"- {note}" for note in bench.notes], ""]
    lines += ["## Run by run", ""]
    for run, rows in bench.details.items():
        lines += [f"**{HEADINGS[run]}**", "", *_table(run, rows), ""]
    if kept:
        lines += [kept, ""]
    hidden = {"machine": bench.facts["CPU"], "values": {name: round(value, 4) for name, value in bench.values.items()}}
    lines += [f"<!-- figures {json.dumps(hidden, ensure_ascii=False)} -->", ""]
    return "\n".join(lines)


def summary(bench, before):
    """The table of figures, marks and goals."""
    rows = [["run", "figure", "measured", "before", "mark", "passes", "goal", "reached", "beside us"]]
    old = _comparable(bench, before)
    for name, figure in FIGURES.items():
        value = bench.values.get(name)
        if value is None:
            bounds = [_bound(figure, figure.mark), "", _bound(figure, figure.goal), "", bench.beside.get(name, "")]
            rows.append([figure.run, figure.text, "not measured", "", *bounds])
            continue
        rows.append([
            figure.run, figure.text, f"{_number(value)} {figure.unit}".strip(), _number(old[name]) if name in old else "",
            _bound(figure, figure.mark), _verdict(figure, value, figure.mark),
            _bound(figure, figure.goal), _verdict(figure, value, figure.goal), bench.beside.get(name, ""),
        ])
    return _aligned(rows)


def failed_marks(bench):
    """Figures that do not pass their mark, or were not measured although they have one."""
    wanted = {name: figure for name, figure in FIGURES.items() if figure.mark is not None}
    return [
        figure.text
        for name, figure in wanted.items()
        if name not in bench.values or not figure.holds(bench.values[name], figure.mark)
    ]


def _worse(bench, before):
    old = _comparable(bench, before)
    if not old:
        return ["Nothing to compare with: there is no earlier run on this kind of machine."]
    worse = [
        f"- {figure.run}, {figure.text}: {_number(old[name])} → {_number(bench.values[name])} {figure.unit}"
        for name, figure in FIGURES.items()
        if name in old and name in bench.values and figure.is_worse(old[name], bench.values[name])
    ]
    return worse or ["Nothing by more than 15 %, which is about what two identical runs differ by."]


def _comparable(bench, before):
    return before.get("values", {}) if before.get("machine") == bench.facts["CPU"] else {}


def _verdict(figure, value, bound):
    if bound is None:
        return ""
    return "yes" if figure.holds(value, bound) else "**no**"


def _bound(figure, bound):
    if bound is None:
        return ""
    return ("≤ " if figure.better == "less" else "≥ ") + _number(bound)


def _number(value):
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.4f}"


def _table(run, rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    heads = [COLUMNS.get(name, name.replace("_", " ")) for name in names]
    if run in PER_HUNDRED:
        heads = ["CPU % per 100 calls" if head == "CPU %" else head for head in heads]
    return _aligned([heads, *[[str(row.get(name, "")) for name in names] for row in rows]])


def _aligned(rows):
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return [text[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *text[1:]]
