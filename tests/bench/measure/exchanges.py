"""What is measured: moonswitch, and beside it Kamailio with rtpengine. Each is fresh for each level."""

import os
import re
import shutil
import socket
import struct
import subprocess
import time

from . import processes

OPTIONS = (
    "OPTIONS sip:{engine}:5060 SIP/2.0\r\nVia: SIP/2.0/UDP {caller}:5070;branch=z9hG4bK-{number};rport\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:bench@{caller}>;tag=b{number}\r\nTo: <sip:{engine}>\r\n"
    "Call-ID: start-{number}@{caller}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:bench@{caller}:5070>\r\nContent-Length: 0\r\n\r\n"
)


class Exchange:
    """Something that answers SIP at `net`.1:5060."""

    name = ""

    def __init__(self, place):
        self.place = place
        self.started = []
        self.log = None
        self.first_answer = None

    def __enter__(self):
        self.log = open(self.place.work / f"{self.name}.log", "ab")
        began = time.monotonic()
        try:
            self.launch()
            self.wait_for_an_answer()
        except BaseException:
            self.__exit__()
            raise
        self.first_answer = time.monotonic() - began
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            processes.end(process)
        self.started = []
        self.log.close()

    def spawn(self, command, **options):
        process = processes.start(command, stdout=self.log, stderr=subprocess.STDOUT, **options)
        self.started.append(process)
        return process

    def pids(self):
        return [pid for process in self.started for pid in processes.family(process)]

    def wait_for_an_answer(self, patience=20.0):
        """Asks by OPTIONS, each 10 ms, until something is answered."""
        deadline = time.monotonic() + patience
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.bind((self.place.caller, 5070))
            caller.settimeout(0.01)
            number = 0
            while time.monotonic() < deadline:
                number += 1
                text = OPTIONS.format(engine=self.place.engine, caller=self.place.caller, number=number)
                try:
                    caller.sendto(text.encode(), (self.place.engine, 5060))
                    if caller.recv(4096).startswith(b"SIP/2.0 200"):
                        return
                except (TimeoutError, ConnectionError):
                    time.sleep(0.001)
                if any(process.poll() is not None for process in self.started):
                    break
        raise RuntimeError(f"{self.name} does not answer: see {self.place.work}/{self.name}.log")


class Moonswitch(Exchange):
    """Ours: the bench project, copied, so that a reload changes no file of the source tree."""

    name = "moonswitch"

    def __init__(self, place, counted=False):
        super().__init__(place)
        self.project, self.data = place.work / "project", place.work / "data"
        self.counts = place.work / "allocations" if counted else None

    def launch(self):
        self._copy_project()
        shutil.rmtree(self.data, ignore_errors=True)
        environment = dict(os.environ, MOONSWITCH_LOG="warn")
        if self.counts:
            self.counts.unlink(missing_ok=True)
            environment["LD_PRELOAD"] = str(self.place.tools / "count_allocations.so")
            environment["ALLOCATION_COUNTS"] = str(self.counts)
        config = self.project / "config.lua"
        self.spawn([self.place.binary, "run", "--config", config, "--data", self.data], env=environment)

    def _copy_project(self):
        source = self.place.source
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(source / "scripts", self.project / "scripts")
        os.symlink((source / "sounds").resolve(), self.project / "sounds")
        config = (source / "config.lua").read_text()
        config = config.replace("127.0.0.", self.place.net + ".")
        # Run b holds thousands of calls; a leg takes a pair of ports.
        config = re.sub(r"ports = \{[^}]*\}", "ports = { 10240, 65533 }", config, count=1)
        (self.project / "config.lua").write_text(config)

    def allocations(self):
        """So far, in the whole process: their number and their octets."""
        return struct.unpack("QQ", self.counts.read_bytes())

    def change_routes(self, revision):
        """Saves the 5,000 routes with another revision, asks for them, and returns the seconds until they are in force."""
        routes = self.project / "scripts" / "routes.lua"
        text = re.sub(r"REVISION = \d+", f"REVISION = {revision}", routes.read_text())
        fresh = routes.with_suffix(".new")
        fresh.write_text(text)
        began = time.monotonic()
        os.replace(fresh, routes)
        code, output = processes.run(
            [self.place.binary, "reload", "--config", self.project / "config.lua", "--data", self.data], 30
        )
        if code != 0 or "is published" not in output:
            raise RuntimeError(f"the reload was not taken: {output.strip()}")
        return time.monotonic() - began


class Relay(Exchange):
    """Kamailio as the proxy and rtpengine, in user space, as the relay."""

    name = "kamailio+rtpengine"

    def launch(self):
        engine, work = self.place.engine, self.place.work
        self.spawn([
            "rtpengine", "--config-file=none", "--foreground", "--log-stderr", "--log-level=3", "--table=-1",
            f"--interface={engine}", f"--listen-ng={engine}:2223", "--port-min=10240", "--port-max=60000",
            "--tos=0", "--timeout=60", "--num-threads=2",
        ])
        self._wait_for_rtpengine()
        config = (self.place.source / "kamailio.cfg").read_text()
        config = config.replace("127.0.0.", self.place.net + ".")
        (work / "kamailio.cfg").write_text(config)
        self.spawn([
            "kamailio", "-DD", "-E", "-f", work / "kamailio.cfg", "-Y", work, "-P", work / "kamailio.pid", "-m", "64", "-M", "8",
        ])

    def _wait_for_rtpengine(self):
        """Kamailio gives a relay up for a minute that is not there when it asks first."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            control.bind((self.place.engine, 0))
            control.settimeout(0.1)
            for number in range(100):
                try:
                    control.sendto(f"b{number} d7:command4:pinge".encode(), (self.place.engine, 2223))
                    if b"pong" in control.recv(4096):
                        return
                except (TimeoutError, ConnectionError):
                    time.sleep(0.05)
        raise RuntimeError(f"rtpengine does not answer: see {self.place.work}/{self.name}.log")
