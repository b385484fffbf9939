"""The load: callgen (ours, with sound) and SIPp (others', signalling only)."""

import csv
import json
import re
import shutil
import subprocess
import threading
import time

from . import processes


class Load:
    """One measured load: what the generator says, and what the exchange has used."""

    def __init__(self, said, cpu_percent=0.0, resident_kb=0):
        self.said, self.cpu_percent, self.resident_kb = said, cpu_percent, resident_kb


def callgen(place, exchange, during=None, callee=True, **options):
    """Runs callgen; the exchange's CPU time is taken between its STEADY lines, its memory at the end of them.

    `during` runs in the steady window, in a thread of its own."""
    command = [place.tools / "callgen", f"engine={place.engine}:5060", f"uac={place.caller}:5070"]
    if callee:
        command.append(f"uas={place.callee}:5080")
    command += [f"{name}={value}" for name, value in options.items()]
    pids = exchange.pids()
    window, resident, said, side = None, 0, None, None
    process = processes.start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    limit = threading.Timer(2 * options["calls"] / options["rate"] + options["hold"] + 40, processes.kill, [process])
    limit.start()
    try:
        for line in process.stdout:
            if line.startswith("STEADY_START"):
                window = processes.Window(pids)
                if during:
                    side = threading.Thread(target=during)
                    side.start()
            elif line.startswith("STEADY_END") and window:
                window.close()
                resident = processes.resident_kb(pids)
            elif line.startswith("RESULT "):
                said = json.loads(line[7:])
    finally:
        limit.cancel()
        processes.kill(process)
        if side:
            side.join()
    if said is None or window is None:
        raise RuntimeError("callgen has not come to its end")
    return Load(said, window.percent(), resident)


def sipp(place, exchange, scenario, user, rate, seconds, hold=0, callee=False):
    """Runs a SIPp caller at a rate for some seconds, with a SIPp callee where the call is bridged."""
    folder = place.work / "sipp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "users.csv").write_text(f"SEQUENTIAL\n{user}\n")
    for name in (scenario, "uas"):
        shutil.copy(place.source / f"{name}.xml", folder)
    other = None
    if callee:
        other = _start(folder, "uas", place.callee, 5080, [])
        time.sleep(0.3)
    calls = rate * seconds
    limit = seconds + hold + 15
    arguments = [f"{place.engine}:5060", "-inf", "users.csv", "-r", rate, "-m", calls, "-trace_rtt", "-rtt_freq", 20]
    caller = _start(folder, scenario, place.caller, 5070, [*arguments, "-timeout", f"{limit}s"])
    window = processes.Window(exchange.pids())
    try:
        time.sleep(min(1.0, seconds / 4))
        window = processes.Window(exchange.pids())
        time.sleep(seconds - 1.5 if seconds > 2 else seconds / 2)
        window.close()
        resident = processes.resident_kb(exchange.pids())
        caller.wait(limit + 5)
    except subprocess.TimeoutExpired:
        resident = 0
    finally:
        processes.kill(caller)
        if other:
            # SIPp writes its last line of figures when it is asked to end.
            processes.end(other, patience=2)
    said = _figures(folder / f"{scenario}.stat")
    said.update(calls=calls, rate=rate, **_response_times(folder, scenario))
    if other:
        said["retransmissions"] += _figures(folder / "uas.stat")["retransmissions"]
    said["clean"] = (
        said["made"] >= calls
        and said["failed"] <= 0.001 * calls
        and said["succeeded"] >= 0.999 * calls
        and said["reached"] >= 0.97 * rate
        and said["retransmissions"] == 0
    )
    return Load(said, window.percent(), resident)


def _start(folder, scenario, host, port, arguments):
    command = ["sipp", "-sf", f"{scenario}.xml", "-i", host, "-p", port, "-mi", host, "-nostdin", "-l", 100000]
    command += ["-buff_size", 4000000, "-trace_stat", "-stf", f"{scenario}.stat", "-fd", 1, *arguments]
    return processes.start(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _figures(path):
    """SIPp's last figures, and the mean rate of the seconds in which it made calls, first and last apart."""
    with open(path, newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter=";") if row.get("TotalCallCreated")]
    last = rows[-1]
    made = [int(row["TotalCallCreated"]) for row in rows]
    began = next((index for index, count in enumerate(made) if count), 0)
    done = next((index for index, count in enumerate(made) if count == made[-1]), len(made) - 1)
    # Between the first second with calls and the last second before the end of the work, both whole.
    span = [(made[index], _seconds(rows[index]["ElapsedTime(C)"])) for index in range(began, max(done, began + 1))]
    elapsed = span[-1][1] - span[0][1]
    reached = (span[-1][0] - span[0][0]) / elapsed if elapsed > 0 else made[-1]
    return {
        "made": made[-1],
        "succeeded": int(last["SuccessfulCall(C)"]),
        "failed": int(last["FailedCall(C)"]),
        "retransmissions": int(last["Retransmissions(C)"]),
        "reached": reached,
    }


def _seconds(text):
    """`00:00:05` or `00:00:05:123456`."""
    parts = [float(part) for part in text.split(":")]
    return parts[0] * 3600 + parts[1] * 60 + parts[2] + (parts[3] / 1e6 if len(parts) > 3 else 0)


def _response_times(folder, scenario):
    """p50 and p99 of INVITE to 200 in milliseconds."""
    times = []
    for path in folder.glob(f"{scenario}_*_rtt.csv"):
        for line in path.read_text().splitlines()[1:]:
            parts = line.split(";")
            if len(parts) >= 3 and re.match(r"^\(?1", parts[2]):
                times.append(float(parts[1]))
    times.sort()
    if not times:
        return {"p50": None, "p99": None}
    return {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)]}
