"""Parts of BENCHMARKS.md that have a bench of their own: each stands between two marks, and the others leave it alone."""

import re

WANTED = ("date", "moonswitch", "CPU", "kernel", "SIPp", "command", "other work on the machine meanwhile")


def part(name, heading, how_to_read, facts, rows, verdict):
    """One part: what was measured on which machine, and whether it held."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    about = [f"- {fact}: {facts[fact]}" for fact in WANTED if facts.get(fact)]
    begin, end = _marks(name)
    return "\n".join([begin, f"## {heading}", "", how_to_read, "", *about, "", *lines, "", verdict, "", end])


def put_into(page, name, text):
    """BENCHMARKS.md with this as its part of that name."""
    begin, end = _marks(name)
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}\n?", page, re.S)
    if found:
        return page[: found.start()] + text + "\n" + page[found.end() :]
    return page.rstrip("\n") + "\n\n" + text + "\n"


def kept(path):
    """All such parts, as they stand there."""
    page = path.read_text() if path.exists() else ""
    return "\n\n".join(found.group(0) for found in re.finditer(r"<!-- part (\S+) -->.*?<!-- end of \1 -->", page, re.S))


def _marks(name):
    return f"<!-- part {name} -->", f"<!-- end of {name} -->"
