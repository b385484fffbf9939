"""Where and with what it was measured: a figure without its machine says nothing."""

import os
import re
import resource
import subprocess
import time


def facts(place):
    """Name to text, in the order in which they are printed."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "moonswitch": f"{_said([place.binary, '--version'])}, git {_git(place.root)}",
        "CPU": f"{_cpu_model()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "kernel": os.uname().release,
        "open files": str(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        "rustc": _said(["rustc", "--version"]),
        "SIPp": _found(r"SIPp (v[\w.-]+)", _said(["sipp", "-v"], lines=5)).rstrip("."),
        "kamailio": _found(r"kamailio ([\d.]+)", _said(["kamailio", "-v"])),
        "rtpengine": _found(r"Version: (\S+)", _said(["rtpengine", "--version"])),
    }


def allow_many_files():
    """As many open files as we may have: a call with sound takes four sockets of the exchange."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (65536, most):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, most)))
            return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        except (ValueError, OSError):
            continue
    return most


class Neighbours:
    """How much of the machine others took while we measured."""

    def __init__(self):
        self.began, self.busy, self.own = time.monotonic(), _busy_seconds(), _own_seconds()

    def percent(self):
        """Of all cores. What our own processes used is known once they have ended."""
        wall = (time.monotonic() - self.began) * os.cpu_count()
        others = (_busy_seconds() - self.busy) - (_own_seconds() - self.own)
        return max(0.0, 100 * others / wall)


def _busy_seconds():
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _cpu_model():
    with open("/proc/cpuinfo") as lines:
        return _found(r"model name\s*: (.*)", lines.read()) or os.uname().machine


def _git(root):
    revision = _said(["git", "-C", root, "rev-parse", "--short=10", "HEAD"])
    changed = _said(["git", "-C", root, "status", "--porcelain", "--", "engine", "Cargo.lock", "tests/bench"])
    return revision + (" with changes" if changed else "")


def _said(command, lines=1):
    try:
        output = subprocess.run(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10, text=True
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "\n".join([line.strip() for line in output.splitlines() if line.strip()][:lines])


def _found(pattern, text):
    match = re.search(pattern, text)
    return match.group(1) if match else ""
