"""The small measurements: parsers beside each other, the script's share of a call, allocations."""

import os
import re
import statistics
import time

from . import load, processes
from .exchanges import Moonswitch


def parsers(bench):
    """INVITEs a second of one core: ours, rsip, rsipstack."""
    if not bench.has_time(20, "parsers"):
        return
    _, output = processes.run([bench.place.target / "release" / "examples" / "parse_rate"], 30)
    rows = re.findall(r"moonswitch\s+(\d+)/s\s+rsip\s+(\d+)/s", output or "")
    if not rows:
        bench.note("parsers: parse_rate has said nothing")
        return
    ours, rsip = (statistics.median(int(row[column]) for row in rows) for column in (0, 1))
    others = bench.place.tools / "peers" / "release" / "moonswitch-bench-peers"
    found = []
    if others.exists():
        _, output = processes.run([others], 30)
        found = [int(rate) for rate in re.findall(r"rsipstack\s+(\d+)/s", output or "")]
    if not found:
        bench.note("parsers: rsipstack is not built on this machine, so its figure is missing")
    bench.figure("m_parse", ours)
    bench.compare("m_parse", f"rsip {rsip:,.0f}" + (f", rsipstack {statistics.median(found):,.0f}" if found else ""))
    bench.detail(
        "parsers", moonswitch=f"{ours:.0f}", rsip=f"{rsip:.0f}", rsipstack=f"{statistics.median(found):.0f}" if found else "",
    )


def acd(bench):
    """Calls distributed a second by the machine of queues and agents."""
    if not bench.has_time(20, "distribution"):
        return
    _, output = processes.run([bench.place.target / "release" / "examples" / "acd_rate"], 120)
    found = re.findall(
        r"^(one queue|skills and levels|two queues of the same agents): served (\d+) with (\d+) waiting: (\d+) calls/s, (\d+) decisions/s, "
        r"decided within p50 (\d+) p99 (\d+) p99.9 (\d+) us$", output or "", re.M,
    )
    if len(found) != 3:
        bench.note("distribution: acd_rate has not come to its end")
        return
    names = {"one queue": "m_acd", "skills and levels": "m_acd_skills", "two queues of the same agents": "m_acd_two"}
    for name, served, waiting, calls, decisions, p50, p99, p999 in found:
        figure = names[name]
        bench.figure(figure, float(decisions))
        for quantile, value in (("p50", p50), ("p99", p99), ("p999", p999)):
            bench.figure(f"{figure}_{quantile}", float(value) / 1000)
        bench.detail(
            "acd", work=name, served=served, waiting=waiting, calls_per_s=calls, decisions=decisions,
            decided_p50=p50, decided_p99=p99, decided_p999=p999,
        )


def scripts(bench):
    """CPU time of the Lua thread for a call's handler, and the memory of one that waits."""
    if not bench.has_time(30, "Lua set-up"):
        return
    _, output = processes.run([bench.place.target / "release" / "examples" / "setup_cost"], 60)
    cost = re.search(r"measured: .*?([\d.]+) us of CPU a call .*?(\d+) calls/s", output or "")
    parked = re.search(r"parked: ([\d.]+) KiB of Lua heap a call, ([\d.]+) KiB resident", output or "")
    if not cost or not parked:
        bench.note("Lua set-up: setup_cost has not come to its end")
        return
    bench.figure("m_script", float(cost.group(1)))
    bench.figure("m_script_memory", float(parked.group(1)))
    bench.detail("scripts", us=cost.group(1), calls_per_s=cost.group(2), heap_kib=parked.group(1), resident_kib=parked.group(2))


def boards(bench):
    """CPU time of a media thread for conferences of three and for conversations that somebody supervises."""
    if not bench.has_time(40, "conferences and supervision"):
        return
    wanted = {
        "m_relay": "relayed PCMA", "m_conference": "conference of three", "m_listen": "supervised: listen",
        "m_whisper": "supervised: whisper", "m_barge": "supervised: barge",
    }
    _, output = processes.run([bench.place.target / "release" / "examples" / "board_rate", *wanted.values()], 120)
    rows = dict(re.findall(r"^(.+?)\s+\d+ ns a packet\s+([\d.]+) %", output or "", re.M))
    if not all(name in rows for name in wanted.values()):
        bench.note("conferences and supervision: board_rate has not come to its end")
        return
    for figure, name in wanted.items():
        bench.figure(figure, float(rows[name]))
    for name, share in rows.items():
        bench.detail("boards", work=name, cpu_per_100=share)


def packets(bench):
    """No packet may cost an allocation: the test that proves it, in the same build as everything here."""
    if not bench.has_time(30, "the allocation test"):
        return
    command = ["cargo", "test", "--release", "--quiet", "--package", "moonswitch-media", "--test", "no_allocation"]
    code, output = processes.run(command, 120, cwd=bench.place.root, env=dict(os.environ, CARGO_TARGET_DIR=str(bench.place.target)))
    passed = re.search(r"(\d+) passed; 0 failed", output or "")
    if code == 0 and passed:
        bench.figure("m_packet", 0)
        bench.detail("packets", proof=f"{passed.group(1)} tests of engine/media/tests/no_allocation.rs pass")
    else:
        bench.note("allocations per packet: engine/media/tests/no_allocation.rs does not pass")


def allocations(bench):
    """In the whole live process, every thread, Lua and SQLite included: a library between it and malloc counts."""
    if not bench.has_time(40, "allocations"):
        return
    for name, user, callee in (("m_call", "answer", False), ("m_bridge", "bridge", True)):
        with Moonswitch(bench.place, counted=True) as exchange:
            # What is made once and kept is not a call's cost.
            _calls(bench, exchange, user, callee, 100)
            idle = _idle_rate(exchange)
            before, began = exchange.allocations(), time.monotonic()
            calls = 300
            _calls(bench, exchange, user, callee, calls)
            time.sleep(1)
            count, octets = (now - then for now, then in zip(exchange.allocations(), before))
            count -= idle * (time.monotonic() - began)
        bench.figure(name, count / calls)
        bench.detail("allocations", work=user, per_call=f"{count / calls:.0f}", kb_per_call=f"{octets / calls / 1024:.0f}")
    with Moonswitch(bench.place, counted=True) as exchange:
        seen = []

        def count_in_the_window():
            idle = exchange.allocations()[0]
            time.sleep(3)
            seen.append(exchange.allocations()[0] - idle)

        load.callgen(bench.place, exchange, during=count_in_the_window, user="bridge", calls=100, rate=50, hold=4, settle=1)
        packets = 100 * 2 * 50 * 3
        bench.figure("m_packet_live", seen[0] / packets)
        bench.detail("allocations", work="sound, 100 calls", in_3_s=seen[0], packets=packets)


def _calls(bench, exchange, user, callee, calls):
    load.callgen(bench.place, exchange, callee=callee, user=user, calls=calls, rate=100, hold=0, settle=0, rtp=0)


def _idle_rate(exchange):
    time.sleep(1)
    before = exchange.allocations()[0]
    time.sleep(1)
    return exchange.allocations()[0] - before
