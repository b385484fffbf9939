"""The API beside live calls: how many requests it answers, and how soon events are told."""

import base64
import datetime
import http.client
import json
import os
import socket
import statistics
import subprocess
import threading
import time

from . import load
from .exchanges import Moonswitch

TEXT, PING, PONG = 1, 9, 10
PAGE = "/api/v1/calls?live=true&limit=50"


def beside_calls(bench):
    """p: one client asks for pages of calls while 100 calls with sound stand; another listens to events."""
    hold, calls = bench.seconds(8), 100
    if not bench.has_time(hold + 16, "run p"):
        return
    with Moonswitch(bench.place) as exchange:
        token = token_of(exchange)
        latencies, times = [], []
        events = Listener(bench.place.engine, token, lambda event: _note_age(event, latencies))
        load.callgen(
            bench.place, exchange, during=lambda: times.extend(_ask(bench.place.engine, token, hold - 2)),
            user="bridge", calls=calls, rate=50, hold=hold, settle=1,
        )
        events.close()
    if not times or not latencies:
        raise RuntimeError(f"{len(times)} answers, {len(latencies)} events")
    times.sort()
    rate, p99 = len(times) / sum(times), times[len(times) * 99 // 100] * 1000
    told = statistics.median(latencies) * 1000
    bench.figure("p_rate", rate)
    bench.figure("p_p99", p99)
    bench.figure("p_event", told)
    bench.detail("p", calls=calls, requests=f"{rate:.0f}", p99=f"{p99:.2f}", events=len(latencies), told_p50=f"{told:.2f}")


def orders(bench):
    """p: one client tells agents what to do while 100 calls with sound stand."""
    hold, calls = bench.seconds(8), 100
    if not bench.has_time(hold + 16, "commands of agents"):
        return
    with Moonswitch(bench.place) as exchange:
        token, times = token_of(exchange), []
        load.callgen(
            bench.place, exchange, during=lambda: times.extend(_order(bench.place.engine, token, hold - 2)),
            user="bridge", calls=calls, rate=50, hold=hold, settle=1,
        )
    if not times:
        raise RuntimeError("no command was answered")
    times.sort()
    rate, p99 = len(times) / sum(times), times[len(times) * 99 // 100] * 1000
    bench.figure("p_orders", rate)
    bench.figure("p_orders_p99", p99)
    bench.detail("orders", calls=calls, commands=f"{rate:.0f}", p99=f"{p99:.2f}")


def _order(engine, token, seconds):
    """Seconds that each command took, one after the other on one connection: 置闲 and 置忙 in turns, which changes something."""
    client = http.client.HTTPConnection(engine, 8080, timeout=5)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    until, times = time.monotonic() + seconds, []
    for command in _commands():
        began = time.monotonic()
        if began > until:
            break
        client.request("POST", "/api/v1/users/1049/commands", json.dumps({"command": command}), headers)
        answer = client.getresponse()
        body = answer.read()
        times.append(time.monotonic() - began)
        if answer.status != 200:
            raise RuntimeError(f"{command} is answered {answer.status}: {body[:200]}")
    client.close()
    return times


def _commands():
    yield "log_in"
    while True:
        yield "idle"
        yield "busy"


def token_of(exchange):
    """A token that may do everything."""
    command = [exchange.place.binary, "token", "add", "bench", "--scope", "all"]
    command += ["--config", exchange.project / "config.lua", "--data", exchange.data]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout.strip()


def _ask(engine, token, seconds):
    """Seconds that each request took, one after the other on one connection."""
    client = http.client.HTTPConnection(engine, 8080, timeout=5)
    until, times = time.monotonic() + seconds, []
    while time.monotonic() < until:
        began = time.monotonic()
        client.request("GET", PAGE, headers={"Authorization": f"Bearer {token}"})
        answer = client.getresponse()
        body = answer.read()
        times.append(time.monotonic() - began)
        if answer.status != 200 or not json.loads(body)["items"]:
            raise RuntimeError(f"the API answers {answer.status}: {body[:200]}")
    client.close()
    return times


def _note_age(event, latencies):
    """How old an event of a call is when it comes."""
    if event.get("type", "").startswith("call.") and "at" in event:
        happened = datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00"))
        latencies.append(time.time() - happened.timestamp())


class Listener:
    """A WebSocket (RFC 6455) that hands each event on, in a thread of its own."""

    def __init__(self, engine, token, hear):
        self.hear = hear
        self.socket = socket.create_connection((engine, 8080), timeout=5)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET /api/v1/events HTTP/1.1\r\nHost: {engine}:8080\r\nAuthorization: Bearer {token}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: moonswitch.v1\r\n\r\n"
        ).encode())
        self.stream = self.socket.makefile("rb")
        status = self.stream.readline()
        while self.stream.readline() not in (b"\r\n", b""):
            pass
        if b" 101 " not in status:
            raise RuntimeError(f"the event stream answers {status!r}")
        self.socket.settimeout(None)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while head := self.stream.read(2):
            length = head[1] & 127
            if length == 126:
                length = int.from_bytes(self.stream.read(2))
            elif length == 127:
                length = int.from_bytes(self.stream.read(8))
            text = self.stream.read(length)
            if head[0] & 15 == PING:
                # Whoever answers none is taken for gone. What a client sends is masked.
                self.socket.sendall(bytes([0x80 | PONG, 0x80 | length, 0, 0, 0, 0]) + text)
            elif head[0] & 15 == TEXT:
                self.hear(json.loads(text))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.socket.close()
