"""The runs a to h. Each starts a fresh exchange for each level, because backlog carries over."""

import statistics
import time

from . import load, recordings
from .exchanges import Moonswitch, Relay

LEVEL_C = 200


def answered(bench):
    """a: INVITE, 200, ACK, BYE, answered by the exchange."""
    rows = _rates(bench, "a", [500, 1000, 1500, 2000, 2500, 3000], "uac_short", "answer")
    _highest_clean(bench, rows, "a")


def bridged(bench):
    """b: bridged, signalling only, held five seconds. A held call keeps four sockets."""
    affordable = int((bench.open_files - 1500) / 4 / 5.2)
    rates = sorted({min(rate, affordable // 50 * 50) for rate in (100, 300, 500, 700, 1000)})
    rows = _rates(bench, "b", rates, "uac_hold5", "bridge", hold=5, callee=True)
    _highest_clean(bench, rows, "b")


def _rates(bench, run, rates, scenario, user, hold=0, callee=False):
    rows, unclean = [], 0
    for rate in rates:
        seconds = bench.seconds(6)
        if unclean == 2 or not bench.has_time(seconds + hold + 10, f"run {run} at {rate}/s"):
            break
        with Moonswitch(bench.place) as exchange:
            done = load.sipp(bench.place, exchange, scenario, user, rate, seconds, hold, callee)
        said = done.said
        rows.append(said)
        unclean = 0 if said["clean"] else unclean + 1
        bench.detail(
            run, rate=rate, reached=f"{said['reached']:.0f}", calls=said["calls"], failed=said["failed"],
            retransmissions=said["retransmissions"], p50=_ms(said["p50"]), p99=_ms(said["p99"]),
            cpu=f"{done.cpu_percent:.0f}", clean="yes" if said["clean"] else "no",
        )
    return rows


def _highest_clean(bench, rows, run):
    clean = [row for row in rows if row["clean"]]
    best = clean[-1] if clean else None
    bench.figure(f"{run}_rate", best["rate"] if best else 0)
    if best and best["p99"] is not None:
        bench.figure(f"{run}_p99", best["p99"])


def sound(bench):
    """c: bridged with RTP both ways, ours and the relay in turns."""
    done = {Moonswitch: [], Relay: []}
    for calls in [100, 200, 200, 400, 800, 1200]:
        for kind in (Moonswitch, Relay):
            # The relay's share: enough to compare, not to find its end.
            if kind is Relay and (calls > 400 or not bench.has_relay):
                continue
            one = _sound_of(bench, kind, calls)
            if one is not None:
                done[kind].append((calls, one))
        if calls >= 400 and done[Moonswitch] and _lost(done[Moonswitch][-1][1].said) > 1:
            break
    for kind, note in ((Moonswitch, bench.figure), (Relay, _beside(bench))):
        at = [one for calls, one in done[kind] if calls == LEVEL_C]
        if at:
            note("c_cpu", statistics.mean(one.cpu_percent for one in at) / LEVEL_C * 100)
            note("c_loss", max(_lost(one.said) for one in at))
            note("c_p50", statistics.mean(one.said["lat_ms_p50"] for one in at))
            note("c_p99", statistics.mean(one.said["lat_ms_p99"] for one in at))
        # Up to where nothing is lost: an exchange that drowns keeps packets, which is no cost of a call.
        clean = [(calls, one) for calls, one in done[kind] if _lost(one.said) <= 0.1 and one.said["up_end"] == calls]
        if kind is Moonswitch:
            bench.figure("c_calls", max((calls for calls, _ in clean), default=0))
        if len({calls for calls, _ in clean}) > 1:
            note("c_memory", _slope([(calls, one.resident_kb) for calls, one in clean]))


def _beside(bench):
    return lambda name, value: bench.compare(name, f"{Relay.name} {value:.2f}")


def _sound_of(bench, kind, calls):
    hold = bench.seconds(8)
    rate = max(50, calls // 5)
    if not bench.has_time(2 * calls / rate + hold + 8, f"run c with {calls} calls, {kind.name}"):
        return None
    with kind(bench.place) as exchange:
        done = load.callgen(bench.place, exchange, user="bridge", calls=calls, rate=rate, hold=hold, settle=1)
    said = done.said
    bench.detail(
        "c", calls=calls, who=kind.name, up=said["up_end"], loss=f"{_lost(said):.3f}", cpu=_cpu(done.cpu_percent, calls),
        p50=_ms(said["lat_ms_p50"]), p99=_ms(said["lat_ms_p99"]), worst_gap=f"{said['maxgap_ms']:.0f}",
        memory=f"{done.resident_kb / 1024:.1f}", generator=f"{100 * said['gen_cpu_s'] / said['win_s']:.0f}",
    )
    return done


def prompt(bench):
    """d: a prompt of ten seconds, looped to many callers."""
    _plain(bench, "d", "ivr", callee=False)


def waiting(bench):
    """q: callers wait in a queue and hear music."""
    _plain(bench, "q", "queue", callee=False, calls=300)


def transcoded(bench):
    """f: the caller speaks PCMU, the callee PCMA."""
    _plain(bench, "f", "alaw", uaspt=8)


def _plain(bench, run, user, callee=True, calls=200, **options):
    hold = bench.seconds(8)
    if not bench.has_time(hold + 16, f"run {run}"):
        return
    with Moonswitch(bench.place) as exchange:
        done = load.callgen(
            bench.place, exchange, callee=callee, user=user, calls=calls, rate=50, hold=hold, settle=1, **options
        )
    said = done.said
    expected = said["expect_per_side"] * (2 if callee else 1)
    loss = max(0.0, 100 * (1 - said["rx_w"] / expected)) if expected else 100.0
    bench.figure(f"{run}_cpu", done.cpu_percent / calls * 100)
    bench.detail(
        run, calls=calls, up=said["up_end"], missing=f"{loss:.3f}", cpu=_cpu(done.cpu_percent, calls),
        worst_gap=f"{said['maxgap_ms']:.0f}", memory=f"{done.resident_kb / 1024:.1f}",
    )


def rooms(bench):
    """f: rooms of three, who all speak."""
    hold, legs, rate = bench.seconds(8), 150, 50
    if not bench.has_time(hold + 12, "rooms of three"):
        return
    with Moonswitch(bench.place) as exchange:
        done = load.callgen(
            bench.place, exchange, callee=False, user="8%d", div=3, calls=legs, rate=rate, hold=hold, settle=1
        )
    said = done.said
    bench.figure("f_rooms", done.cpu_percent / legs * 100)
    bench.detail(
        "rooms", calls=legs, up=said["up_end"], cpu=_cpu(done.cpu_percent, legs), worst_gap=f"{said['maxgap_ms']:.0f}",
        memory=f"{done.resident_kb / 1024:.1f}",
    )
    if said["up_end"] < legs:
        bench.note(f"rooms of three: {legs - said['up_end']} calls have ended early")


def recorded(bench):
    """e: as c, recorded in stereo; every recording has to be whole."""
    hold, calls, rate = bench.seconds(8), 200, 50
    if not bench.has_time(hold + 22, "run e"):
        return
    with Moonswitch(bench.place) as exchange:
        done = load.callgen(bench.place, exchange, user="record", calls=calls, rate=rate, hold=hold, settle=1)
        # The last call begins when the first is `calls / rate` old, and they end in the same order.
        least = calls / rate + hold + 0.9
        files = recordings.wait_for(exchange.data / "recordings", calls)
        whole, flaws = recordings.inspect(files, least, talk_seconds=hold + 1)
    said = done.said
    bench.figure("e_cpu", done.cpu_percent / calls * 100)
    bench.figure("e_whole", whole)
    bench.detail(
        "e", calls=calls, up=said["up_end"], loss=f"{_lost(said):.3f}", cpu=_cpu(done.cpu_percent, calls),
        p99=_ms(said["lat_ms_p99"]), files=len(files), whole=whole, memory=f"{done.resident_kb / 1024:.1f}",
    )
    for flaw in flaws[:3]:
        bench.note(f"run e: {flaw}")


def start_and_reload(bench):
    """g: start, idle memory, and reloads of 5,000 routes under 50 calls."""
    starts = []
    for _ in range(3):
        with Moonswitch(bench.place) as exchange:
            starts.append(1000 * exchange.first_answer)
            time.sleep(1)
            idle = load.processes.resident_kb(exchange.pids())
    bench.figure("g_start", statistics.median(starts))
    bench.figure("g_memory", idle / 1024)
    if not bench.has_time(25, "reloads"):
        return
    took = []
    with Moonswitch(bench.place) as exchange:

        def reload_five_times():
            for revision in range(2, 7):
                took.append(1000 * exchange.change_routes(revision))
                time.sleep(0.8)

        done = load.callgen(
            bench.place, exchange, during=reload_five_times, user="bridge", calls=50, rate=25, hold=8, settle=1
        )
    said = done.said
    # Without one more packet lost than in run c, and without a gap that can be heard.
    harmed = (50 - said["up_end"]) + said["silent_legs"] + (0 if _lost(said) <= 0.1 else 50)
    bench.figure("g_harmed", harmed)
    if len(took) < 5:
        bench.note(f"run g: only {len(took)} of five reloads were published")
    if took:
        bench.figure("g_reload", statistics.median(took))
        bench.detail(
            "g", reloads=" ".join(f"{one:.0f}" for one in took), calls=50, up=said["up_end"], loss=f"{_lost(said):.3f}",
            p99=_ms(said["lat_ms_p99"]), worst_gap=f"{said['maxgap_ms']:.0f}",
        )


def post_dial_delay(bench):
    """h: INVITE to 180 and to 200 at 100 calls a second."""
    for name, user, callee in (("answer", "answer", False), ("bridge", "bridge", True)):
        calls = 100 * bench.seconds(5)
        if not bench.has_time(calls / 50 + 5, f"run h, {name}"):
            continue
        with Moonswitch(bench.place) as exchange:
            said = load.callgen(
                bench.place, exchange, callee=callee, user=user, calls=calls, rate=100, hold=1, settle=0, rtp=0
            ).said
        bench.figure(f"h_{name}_p50", said["inv200_ms_p50"])
        bench.figure(f"h_{name}_p99", said["inv200_ms_p99"])
        if callee:
            bench.figure("h_180_p50", said["inv180_ms_p50"])
            bench.figure("h_180_p99", said["inv180_ms_p99"])
        bench.detail(
            "h", kind=name, calls=calls, failed=said["fail"], p50=_ms(said["inv200_ms_p50"]), p99=_ms(said["inv200_ms_p99"]),
            ring_p50=_ms(said["inv180_ms_p50"] or None), ring_p99=_ms(said["inv180_ms_p99"] or None),
        )


def _lost(said):
    return max(0.0, said["loss_embedded_pct"])


def _cpu(percent, calls):
    return f"{percent / calls * 100:.1f}"


def _ms(value):
    return "" if value is None else f"{value:.2f}"


def _slope(points):
    """Least squares: KB for one call more."""
    calls, memory = zip(*points)
    return statistics.linear_regression(calls, memory).slope
