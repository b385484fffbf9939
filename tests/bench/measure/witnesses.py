"""One truth about an agent, whoever is asked: the API, its events, a lamp, the log (`agree`)."""

import datetime
import http.client
import json
import threading
import time

from .api import Listener

# So much later nobody says anything else.
AGREED_WITHIN = 0.5
# The exchange ends a connection after ten minutes, maybe while something is asked; seconds.
AFRESH = 300
WORDS = {
    "未登录": "logged_out", "置忙": "busy", "置闲": "idle", "准备接听": "offered", "外呼振铃": "dialling", "呼叫对方": "calling",
    "通话中": "talking", "保持中": "holding", "咨询中": "consulting", "会议中": "conference", "内部通话": "internal",
    "监听中": "monitoring", "强插中": "barging", "事后": "wrap_up",
}


class Client:
    """One connection to the API of the exchange."""

    def __init__(self, engine, token):
        self.engine, self.token, self.since = engine, token, time.monotonic()
        self.connection = http.client.HTTPConnection(engine, 8080, timeout=10)

    def get(self, path):
        return self._ask("GET", path)

    def post(self, path, body):
        return self._ask("POST", path, json.dumps(body))

    def pages(self, path):
        """All items of a list."""
        joint, after, items = "&" if "?" in path else "?", "", []
        while True:
            page = self.get(f"{path}{joint}limit=500{after}")
            items += page["items"]
            if not page.get("next"):
                return items
            after = f"&after={page['next']}"

    def _ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if time.monotonic() > self.since + AFRESH:
            self.connection.close()
            self.since = time.monotonic()
        self.connection.request(method, "/api/v1" + path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} is answered {answer.status}: {text[:300]}")
        return json.loads(text)


class Witnesses:
    """Asks them all once a second; what they do not agree on half a second later is written down."""

    def __init__(self, engine, token, lamps, agents, on_change=None):
        self.client, self.lamps, self.agents = Client(engine, token), lamps, agents
        self.told, self.logged = {}, {}
        self.samples, self.quarrels, self.slowest = 0, [], 0.0
        self.on_change, self.agreed_within = on_change, AGREED_WITHIN
        self.listener = Listener(engine, token, self._hear)
        self.log_since = time.time() - 1
        self.closed = False
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def begin(self):
        self._read_log()
        self.thread.start()

    def close(self):
        if not self.closed:
            self.closed = True
            if self.thread.is_alive():
                self.thread.join(10)
            self.listener.close()

    def _hear(self, event):
        if event.get("type") == "agent.changed":
            data = event["data"]
            self.told[data["agent"]] = data["state"]
            if self.on_change:
                self.on_change(data["agent"], data["state"])

    def _watch(self):
        while not self.closed:
            began = time.monotonic()
            try:
                self._sample()
            except Exception as error:  # An API that does not answer is a quarrel, too.
                self.quarrels.append(f"the witnesses could not be asked: {error!r}")
                self.client.connection.close()
            time.sleep(max(0.0, began + 1 - time.monotonic()))

    def _sample(self):
        """All agents; those who are in the midst of a change are asked again until all say the same."""
        began, open_questions = time.monotonic(), set(self.agents)
        while open_questions:
            asked = time.monotonic()
            states = {it["id"]: it["state"] for it in self.client.pages("/agents")}
            self._read_log()
            took = time.monotonic() - asked
            said = {agent: self._say(agent, states) for agent in open_questions}
            open_questions = {agent for agent in open_questions if len(set(said[agent].values())) > 1}
            if open_questions and time.monotonic() - began > self.agreed_within + 2 * took:
                self.quarrels += [f"{agent}: {said[agent]}" for agent in sorted(open_questions)]
                break
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.samples += len(self.agents)

    def _say(self, agent, states):
        said = {"the API": states.get(agent)}
        # Who has heard of no change knows of none.
        for who, word in (("the events", self.told.get(agent)), ("the log", self.logged.get(agent))):
            if word:
                said[who] = word
        shown = self.lamps.shown.get(f"agent-{agent}") if self.lamps else None
        if shown:
            said["the lamp"] = WORDS.get(shown.removeprefix("掉线(").removesuffix(")") if shown.startswith("掉线(") else shown, shown)
        return said

    def _read_log(self):
        since = datetime.datetime.fromtimestamp(self.log_since, datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        until = time.time()
        for line in reversed(self.client.pages(f"/queue-log?kind=state&since={since}")):
            self.logged[line["agent"]] = line["state"]
        # What is being written may have an earlier time.
        self.log_since = until - 1.5
