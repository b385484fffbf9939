"""The floor's phones and its customers: SIPp, a process for each group that is alike."""

import csv
import re
import subprocess
from dataclasses import dataclass

from . import processes

PHONE, STAR = 5070, 5072


@dataclass(frozen=True)
class Group:
    """Agents whose phones ring and talk alike, at one address."""

    host: str
    agents: list[str]
    ring: float
    talk: float


@dataclass(frozen=True)
class Customers:
    """Callers who come at a rate: how long they wait and talk at most, seconds; from when, and to which numbers."""

    name: str
    start: float
    calls: int
    rate: float
    wait: float
    talk: float
    numbers: tuple[str, ...]


class Sipp:
    """SIPp in one folder: its files stay there when something is to be looked into."""

    def __init__(self, place):
        self.place, self.folder = place, place.work / "floor"
        self.folder.mkdir(exist_ok=True)

    def registers(self, group):
        """Their phones say where they are; no phone answers yet."""
        self._users(group)
        self._runs("register", group.host, PHONE, [f"{self.place.engine}:5060", *self._as(group), "-r", 50])

    def dials(self, group, code):
        """Each of them dials a star code."""
        arguments = [f"{self.place.engine}:5060", "-s", code, "-auth_uri", f"{code}@{self.place.engine}:5060", *self._as(group), "-r", 25]
        self._runs("code", group.host, STAR, arguments)

    def rings(self, group):
        """Their phones, until they are ended."""
        scenario = self._scenario("phone", group.host, RING=group.ring, TALK=group.talk)
        return self._start(scenario, group.host, PHONE, ["-aa"])

    def calls(self, customers, host, port):
        """Customers, who end by themselves."""
        users = self.folder / f"{customers.name}.csv"
        numbers = customers.numbers
        rows = [f"{numbers[place % len(numbers)]};{_number(customers.name, place)}" for place in range(customers.calls)]
        users.write_text("\n".join(["SEQUENTIAL", *rows, ""]))
        scenario = self._scenario("caller", customers.name, WAIT=customers.wait, TALK=customers.talk)
        # SIPp counts calls in whole numbers per period.
        arguments = [f"{self.place.engine}:5060", "-inf", users, "-m", customers.calls, "-r", round(customers.rate * 10), "-rp", 10000]
        return self._start(scenario, host, port, [*arguments, "-trace_stat", "-stf", self.folder / f"{customers.name}.stat", "-fd", 1])

    def said(self, prefix):
        """What scenarios have written down: (word, who, seconds since 1970), by time."""
        lines = []
        for path in self.folder.glob(f"{prefix}-*.log"):
            for line in path.read_text(errors="replace").splitlines():
                found = re.match(r"(\w+)\s+(\d+)\s.*?([\d.]+)$", line)
                if found:
                    lines.append((found.group(1), found.group(2), float(found.group(3))))
        return sorted(lines, key=lambda line: line[2])

    def outcome(self, customers):
        """How many calls SIPp says have gone well, and how many have not."""
        with open(self.folder / f"{customers.name}.stat", newline="") as lines:
            last = [row for row in csv.DictReader(lines, delimiter=";") if row.get("TotalCallCreated")][-1]
        return int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])

    def _users(self, group):
        rows = [f"{agent};[authentication username={agent} password=demo-{agent}]" for agent in group.agents]
        (self.folder / f"{group.host}.csv").write_text("\n".join(["SEQUENTIAL", *rows, ""]))

    def _as(self, group):
        return ["-inf", self.folder / f"{group.host}.csv", "-m", len(group.agents)]

    def _scenario(self, name, suffix, **seconds):
        text = (self.place.source / "floor" / f"{name}.xml").read_text()
        for word, value in seconds.items():
            text = text.replace(f'"{word}"', f'"{round(value * 1000)}"')
        path = self.folder / f"{name}-{suffix}.xml"
        path.write_text(text)
        return path

    def _runs(self, name, host, port, arguments):
        scenario = self._scenario(name, host)
        process = self._start(scenario, host, port, [*arguments, "-timeout", "60s", "-timeout_error"])
        try:
            code = process.wait(70)
        finally:
            processes.kill(process)
        if code != 0:
            said = scenario.with_suffix(".out").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"SIPp {name} at {host} ends with {code}: {said}")

    def _start(self, scenario, host, port, arguments):
        command = ["sipp", *arguments, "-sf", scenario, "-i", host, "-p", port, "-mi", host, "-nostdin", "-l", 10000]
        command += ["-buff_size", 1000000, "-trace_logs", "-log_file", scenario.with_suffix(".log")]
        command += ["-trace_err", "-error_file", scenario.with_suffix(".err")]
        with open(scenario.with_suffix(".out"), "wb") as out:
            return processes.start(command, cwd=self.folder, stdout=out, stderr=subprocess.STDOUT)


def _number(name, place):
    """A mobile number that nobody else calls from."""
    return f"139{sum(name.encode()) % 1000:03}{place:05}"
