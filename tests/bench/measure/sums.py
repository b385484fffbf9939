"""What a floor's day comes to, by the phones, by the customers, and by the exchange's records; and what does not agree."""

import collections
import datetime

# A phone may be told of the next call while it still takes leave of the one before, seconds.
LEAVE = 0.02


class Sums:
    """Figures in `rows`, and what must hold and does not in `faults`."""

    def __init__(self, client, sipp, customers, mark):
        self.client, self.sipp, self.customers, self.mark = client, sipp, customers, mark
        self.rows, self.faults = [], []
        self.log = self._log()
        self.rung = sipp.said("phone")
        self._calls()
        self._offers()
        self._ringing()

    def _log(self):
        lines = self.client.pages("/queue-log")
        for line in lines:
            line["at"] = datetime.datetime.fromisoformat(line["at"].replace("Z", "+00:00")).timestamp()
        lines.reverse()
        return lines

    def _calls(self):
        """Each customer was served, or has hung up before; or both, when an answer crossed the hanging up."""
        came = sum(group.calls for group in self.customers)
        said = [self.sipp.outcome(group) for group in self.customers]
        failed = sum(bad for _, bad in said)
        customers = self.sipp.said("caller")
        served = {who for word, who, _ in customers if word == "served"}
        left = {who for word, who, _ in customers if word == "left"}
        records = [call for call in self.client.pages("/calls?live=false") if call["direction"] == "inbound"]
        results = collections.Counter(call["end"]["result"] for call in records)
        lost = came - len(served | left)
        if failed or lost:
            self.faults.append(f"{failed} customers' calls failed, {lost} were neither served nor given up")
        if len(records) != came:
            self.faults.append(f"{came} customers have called, and {len(records)} calls are in the records")
        if results["answered"] != len(served) or set(results) - {"answered", "abandoned_in_queue"}:
            self.faults.append(f"{len(served)} customers were served, and the records say {dict(results)}")
        figures = self.client.get("/statistics/queues?period=today")["items"]
        entered, answered = (sum(line["figures"][name] for line in figures) for name in ("entered", "answered"))
        if (entered, answered) != (came, results["answered"]):
            self.faults.append(f"the report says {entered} entered and {answered} answered; the records {came} and {results['answered']}")
        self.rows += [
            ("customers' calls", f"{came:,}"), ("served", f"{len(served):,}"), ("given up while waiting", f"{len(left - served):,}"),
            ("lost", f"{failed + lost}"),
        ]

    def _offers(self):
        """No phone rings while it rings or talks, and no agent has two offers by the log."""
        doubles, busy = [], {}
        for word, agent, at in self.rung:
            if word == "rings":
                if agent in busy:
                    doubles.append(f"{agent} at {at:.3f}, since {busy[agent]:.3f}")
                busy[agent] = at
            elif word == "free":
                busy.pop(agent, None)
        # What began before the leave of the last was written is no second call.
        doubles = [double for double in doubles if not self._is_leave(double)]
        open_offers = {}
        for line in self.log:
            if line["kind"] == "offered":
                if line["agent"] in open_offers:
                    doubles.append(f"{line['agent']} is offered {line['call']} and has {open_offers[line['agent']]}")
                open_offers[line["agent"]] = line["call"]
            elif line["kind"] == "offer_ended":
                open_offers.pop(line["agent"], None)
        if doubles:
            self.faults.append(f"{len(doubles)} double offers, the first: {doubles[0]}")
        offers = sum(line["kind"] == "offered" for line in self.log)
        rings = sum(word == "rings" for word, _, _ in self.rung)
        self.rows += [("offers by the log", f"{offers:,}"), ("phones that rang", f"{rings:,}"), ("double offers", f"{len(doubles)}")]

    def _is_leave(self, double):
        agent, _, rest = double.partition(" at ")
        at = float(rest.split(",")[0])
        return any(word == "free" and who == agent and at <= when <= at + LEAVE for word, who, when in self.rung)

    def _ringing(self):
        """How soon a phone rings once there are an agent who is free and a customer who waits."""
        free, waits, rests, offers = {}, {}, set(), []
        for line in self.log:
            agent, call, at = line["agent"], line["call"], line["at"]
            if line["kind"] == "state" and line["state"] == "idle":
                free[agent] = at
            elif line["kind"] == "entered":
                waits[call] = at
            elif line["kind"] == "offer_ended":
                waits[call] = at
                # Who has not answered rests for a while.
                (rests.discard if line["why"] == "connected" else rests.add)(agent)
            elif line["kind"] == "offered" and agent in free and call in waits and agent not in rests:
                offers.append((agent, at, free[agent], waits[call]))
        rings = collections.defaultdict(list)
        for word, agent, at in self.rung:
            if word == "rings":
                rings[agent].append(at)
        after_free, after_coming = [], []
        for agent, at, idle, came in offers:
            rang = next((ring for ring in rings[agent] if ring >= at - LEAVE), None)
            if rang is None or rang > at + 5:
                continue
            (after_free if idle > came else after_coming).append(rang - max(idle, came))
        for name, times in (("ringing after becoming free", after_free), ("ringing after the customer has come", after_coming)):
            if not times:
                self.rows.append((name, "nobody had to wait"))
                continue
            times.sort()
            p50, p99 = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99))
            self.rows.append((f"{name}, p50 / p99 of {len(times):,}", f"{p50 * 1000:.1f} / {p99 * 1000:.1f} ms"))
            if p99 > self.mark:
                self.faults.append(f"{name}: p99 {p99 * 1000:.0f} ms is more than {self.mark * 1000:.0f} ms")
