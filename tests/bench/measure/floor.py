"""A floor at work: who works there, who calls, and what must hold of it."""

import os
import shutil
import threading
import time
import urllib.request

from . import parts, processes
from .api import token_of
from .exchanges import Exchange
from .lamp import Lamps
from .phones import Customers, Group, Sipp
from .sums import Sums
from .witnesses import Client, Witnesses

# How long the phones of a group ring and talk, seconds.
HABITS = [(0.5, 20), (1, 24), (1.5, 28), (2, 32), (2.5, 36), (3, 40), (3.5, 44), (4, 48), (5, 52), (6, 56), (8, 60)]
# The hotline's numbers, by how often they are called: anybody, English, the vendor's language, sales.
USUAL = ("4001", "4002", "4001", "4004", "4001", "4003", "4001", "4002", "4001", "4004")
RARE = ("4003", "4002", "4004")
WATCHED = 20
# From a free agent to a ringing phone, seconds, p99.
MARK = 0.1


class FloorExchange(Exchange):
    """Ours with the floor's queues, copied, and as many agents as are asked for."""

    name = "floor"

    def __init__(self, place, agents):
        super().__init__(place)
        self.project, self.data, self.agents = place.work / "project", place.work / "data", agents

    def launch(self):
        source = self.place.source
        shutil.copytree(source / "floor" / "scripts", self.project / "scripts")
        os.symlink((self.place.root / "sounds").resolve(), self.project / "sounds")
        script = self.project / "scripts" / "floor.lua"
        script.write_text(script.read_text().replace("AGENTS = 300", f"AGENTS = {self.agents}"))
        config = (source / "floor" / "config.lua").read_text().replace("127.0.0.", self.place.net + ".")
        config = config.replace("2300", str(2000 + self.agents))
        (self.project / "config.lua").write_text(config)
        environment = dict(os.environ, MOONSWITCH_LOG="warn")
        config = self.project / "config.lua"
        self.spawn([self.place.binary, "run", "--config", config, "--data", self.data], env=environment)

    def wait_for_an_answer(self, patience=60.0):
        """Strangers' OPTIONS are not answered here; programs are."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and all(process.poll() is None for process in self.started):
            try:
                with urllib.request.urlopen(f"http://{self.place.engine}:8080/readyz", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the exchange is not ready: see {self.place.work}/{self.name}.log")


class Day:
    """One run: `work`, then `report`; what did not hold is in `faults`."""

    def __init__(self, place, agents, calls, seconds, shift, patient=False):
        self.place, self.calls, self.seconds, self.shift = place, calls, seconds, shift
        # Of a machine that does other things beside, times say nothing.
        self.patience = 20 if patient else 1
        self.agents = [str(2001 + place) for place in range(agents)]
        self.groups = self._groups()
        self.customers = self._customers()
        self.faults, self.figures, self.memory = [], [], []

    def _groups(self):
        """Alike in size; and a few whose phones nobody answers."""
        away = max(1, len(self.agents) // 60)
        at_work, habits = self.agents[:-away], HABITS
        groups = []
        for place, (ring, talk) in enumerate(habits):
            host = f"{self.place.net}.{20 + place}"
            groups.append(Group(host, at_work[place :: len(habits)], ring / self.shift, talk / self.shift))
        return [*groups, Group(f"{self.place.net}.{20 + len(habits)}", self.agents[-away:], 60, 1)]

    def _customers(self):
        """Most come evenly, some in three waves, some have little patience."""
        even, wave = self.calls * 6 // 10, self.calls // 10
        hasty = self.calls - even - 3 * wave
        shift, seconds = self.shift, self.seconds
        talk = 25 / shift
        patient = Customers("even", 0, even, even / seconds, 900, 900, USUAL)
        waves = [
            Customers(f"wave{number}", seconds * (number + 1) / 5, wave, wave / (seconds / 24), 900, talk, RARE)
            for number in range(3)
        ]
        # As long as no phone rings: SIPp takes no CANCEL in the very moment in which it answers.
        return [patient, *waves, Customers("hasty", 0, hasty, hasty / seconds, 4.3 / shift, 900, USUAL)]

    def work(self):
        sipp = Sipp(self.place)
        with FloorExchange(self.place, len(self.agents)) as exchange:
            token = token_of(exchange)
            for group in self.groups:
                sipp.registers(group)
            phones = [sipp.rings(group) for group in self.groups]
            lamps = Lamps(self.place.engine, self.place.caller, 5099, "1001", "demo-1001")
            witnesses = Witnesses(self.place.engine, token, lamps, self.agents, Finisher(self.place.engine, token, self.shift))
            witnesses.agreed_within *= self.patience
            try:
                self._comes_to_work(sipp, lamps, witnesses)
                window = processes.Window(exchange.pids())
                self._serves(sipp, exchange)
                window.close()
                self._goes_home(sipp, exchange, witnesses, token, window)
            finally:
                witnesses.close()
                lamps.close()
                for phone in phones:
                    processes.kill(phone)

    def _comes_to_work(self, sipp, lamps, witnesses):
        """Half by star codes, half by the API; each lamp has shown something."""
        print(f"{len(self.agents)} agents come to work", flush=True)
        for agent in self.agents[:: max(1, len(self.agents) // WATCHED)]:
            lamps.watch(f"agent-{agent}")
        lamps.wait_for_all()
        for place, group in enumerate(self.groups):
            if place % 2 == 0:
                sipp.dials(group, "*22")
                sipp.dials(group, "*23")
                continue
            for agent in group.agents:
                for command in ("log_in", "idle"):
                    witnesses.client.post(f"/users/{agent}/commands", {"command": command})
        witnesses.begin()

    def _serves(self, sipp, exchange):
        print(f"{self.calls} customers call within {self.seconds:.0f} s", flush=True)
        began, running, waiting = time.monotonic(), [], sorted(self.customers, key=lambda it: it.start)
        ports = iter(range(5090, 5099))
        deadline = began + self.seconds + 240
        while waiting or any(process.poll() is None for process in running):
            now = time.monotonic()
            if now > deadline:
                self.faults.append("customers are still on the line long after the last has come")
                break
            while waiting and began + waiting[0].start <= now:
                running.append(sipp.calls(waiting.pop(0), f"{self.place.net}.9", next(ports)))
            self.memory.append(processes.resident_kb(exchange.pids()[:1]))
            time.sleep(0.5)

    def _goes_home(self, sipp, exchange, witnesses, token, window):
        """Everything has been written down; then it is counted."""
        client = Client(self.place.engine, token)
        deadline = time.monotonic() + 30
        while client.get("/calls?live=true&limit=1")["items"] and time.monotonic() < deadline:
            time.sleep(0.2)
        if live := client.get("/calls?live=true&limit=500")["items"]:
            self.faults.append(f"{len(live)} calls are still there after everybody has hung up, such as {live[0]}")
        time.sleep(2)
        witnesses.close()
        sums = Sums(client, sipp, self.customers, MARK * self.patience)
        self.faults += sums.faults
        if witnesses.quarrels:
            self.faults.append(f"{len(witnesses.quarrels)} times not all said the same, at first: {witnesses.quarrels[0]}")
            (self.place.work / "quarrels.txt").write_text("\n".join(witnesses.quarrels) + "\n")
        for path in sorted(sipp.folder.glob("*.err")):
            if "unexpected message" in path.read_text(errors="replace"):
                self.faults.append(f"SIPp met a message that its scenario does not know: see {path}")
        self.figures = [
            ("agents", f"{len(self.agents)}"),
            *sums.rows,
            ("states compared (API, events, log; lamps of some)", f"{witnesses.samples:,}"),
            ("not all said the same half a second later", f"{len(witnesses.quarrels)}"),
            ("until all said the same, longest", f"{witnesses.slowest * 1000:.0f} ms"),
            ("CPU of the exchange", f"{window.percent():.1f} % of a core"),
            ("memory of the exchange, most", f"{max(self.memory, default=0) / 1024:.0f} MB"),
        ]

    def report(self, facts):
        """The floor's part of BENCHMARKS.md."""
        rows = [["figure", "measured"], *[[name, text] for name, text in self.figures]]
        verdict = "Everything held that must hold." if not self.faults else "**What must hold did not:** " + "; ".join(self.faults)
        return parts.part("floor", "The floor at work", HOW_TO_READ, facts, rows, verdict)


class Finisher:
    """Every second agent ends their 事后 themselves, by the API, before its time is up."""

    def __init__(self, engine, token, shift):
        self.client, self.shift, self.lock = Client(engine, token), shift, threading.Lock()

    def __call__(self, agent, state):
        if state == "wrap_up" and int(agent) % 2:
            threading.Timer((1 + int(agent) % 4) / self.shift, self._ends, [agent]).start()
        if state == "busy" and int(agent) >= 2001:
            # A phone that nobody answers has made them busy; they try again.
            threading.Timer(20 / self.shift, self._comes_back, [agent]).start()

    def _ends(self, agent):
        self._orders(agent, "end_wrap_up")

    def _comes_back(self, agent):
        self._orders(agent, "idle")

    def _orders(self, agent, command):
        with self.lock:
            try:
                self.client.post(f"/users/{agent}/commands", {"command": command})
            except (RuntimeError, OSError):
                # It is over already, or they have gone home.
                self.client.connection.close()


HOW_TO_READ = """`make bench-floor`: agents whose phones are SIPp's, a process for each eleventh of them (those ring for 0.5 to 8 s, talk for 20 to 60 s and hang up)
and one for a few who never answer; customers by a trunk, six tenths of them evenly, three in waves, the rest with 4.3 s of patience. Half of the agents log in by
star codes, half by the API; half end their 事后 by the API, half let it run out. Two queues share them, skills are required by a part of the customers.
Phones and customers write down what they see; what the exchange says must agree with it. **Ringing after becoming free**: from the agent's change to
置闲 to the INVITE at the phone, where the customer was waiting already; **after the customer has come**: where the agent was free already."""
