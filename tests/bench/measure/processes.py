"""Child processes that cannot outlive the bench, and what they have used."""

import ctypes
import os
import signal
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_alive = []


def _die_with_parent():
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command, **options):
    """Starts a process in a session of its own; `end_all` ends it with everything it started."""
    options.setdefault("stdin", subprocess.DEVNULL)
    process = subprocess.Popen(
        [str(part) for part in command], start_new_session=True, preexec_fn=_die_with_parent, **options
    )
    _alive.append(process)
    return process


def end(process, patience=5.0):
    """Asks a process to end, and ends it if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
    kill(process)


def kill(process):
    """Ends a process and its session at once."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()
    if process in _alive:
        _alive.remove(process)


def end_all():
    """Ends everything that was started here."""
    for process in list(_alive):
        kill(process)


def run(command, seconds, **options):
    """Runs a command to its end, at most `seconds`; returns (exit code or None, output)."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        kill(process)


def family(process):
    """The process and its descendants, as pids."""
    pids, found = [process.pid], []
    while pids:
        pid = pids.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    pids.extend(int(child) for child in children.read().split())
        except OSError:
            continue
    return found


def cpu_seconds(pids):
    """User and system time of these processes so far."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return total / TICKS


def resident_kb(pids):
    """Resident memory in KB. Of several processes, what they share counts once."""
    if len(pids) == 1:
        return _field(f"/proc/{pids[0]}/status", "VmRSS:")
    return sum(_field(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in pids)


def _field(path, name):
    try:
        with open(path) as lines:
            for line in lines:
                if line.startswith(name):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


class Window:
    """CPU time of some processes between two moments."""

    def __init__(self, pids):
        self.pids = pids
        self.cpu, self.began = cpu_seconds(pids), time.monotonic()
        self.seconds = self.used = 0.0

    def close(self):
        self.seconds = time.monotonic() - self.began
        self.used = cpu_seconds(self.pids) - self.cpu

    def percent(self):
        """Of one core."""
        return 100 * self.used / self.seconds if self.seconds else 0.0
