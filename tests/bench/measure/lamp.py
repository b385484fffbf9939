"""Lamps of a phone: SUBSCRIBEs to dialog events (RFC 4235), and what each NOTIFY shows."""

import hashlib
import re
import socket
import threading
import time
import uuid

SUBSCRIBE = (
    "SUBSCRIBE sip:{target}@{engine} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{branch};rport\r\n"
    "From: <sip:{user}@{engine}>;tag={tag}\r\nTo: <sip:{target}@{engine}>\r\nCall-ID: {call}\r\nCSeq: {number} SUBSCRIBE\r\n"
    "Contact: <sip:{user}@{host}:{port}>\r\nMax-Forwards: 70\r\nEvent: dialog\r\nAccept: application/dialog-info+xml\r\n"
    "{proof}Expires: 3600\r\nContent-Length: 0\r\n\r\n"
)
DIGESTS = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}
# A lamp is granted for ten minutes; phones ask again before, seconds.
AGAIN = 300


class Lamps:
    """A phone with a key for each target; `shown` is the last text of each."""

    def __init__(self, engine, host, port, user, password):
        self.engine, self.host, self.port, self.user, self.password = engine, host, port, user, password
        self.shown, self.asked = {}, {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.socket.settimeout(0.5)
        self.closed, self.again = False, time.monotonic() + AGAIN
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def watch(self, target):
        call = f"{uuid.uuid4().hex}@{self.host}"
        self.asked[call] = target
        self._ask(call, 1, "")

    def wait_for_all(self, patience=10.0):
        deadline = time.monotonic() + patience
        while len(self.shown) < len(set(self.asked.values())):
            if time.monotonic() > deadline:
                missing = set(self.asked.values()) - set(self.shown)
                raise RuntimeError(f"nothing is shown of {sorted(missing)[:5]}, {len(missing)} in all")
            time.sleep(0.02)

    def close(self):
        self.closed = True
        self.thread.join(2)
        self.socket.close()

    def _ask(self, call, number, proof):
        text = SUBSCRIBE.format(
            target=self.asked[call], engine=self.engine, host=self.host, port=self.port, user=self.user, call=call,
            tag=call[:8], branch=f"{call[:16]}{number}", number=number, proof=proof,
        )
        self.socket.sendto(text.encode(), (self.engine, 5060))

    def _listen(self):
        while not self.closed:
            if time.monotonic() > self.again:
                self.again += AGAIN
                for target in set(self.asked.values()):
                    self.watch(target)
            try:
                text, source = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            self._hear(text.decode(errors="replace"), source)

    def _hear(self, text, source):
        call = _header(text, "Call-ID")
        if call not in self.asked:
            return
        if text.startswith("NOTIFY "):
            self._answer(text, source)
            shown = re.search(r'display="([^"]*)"', text)
            if shown:
                self.shown[self.asked[call]] = shown.group(1)
        elif text.startswith("SIP/2.0 401 ") and _header(text, "CSeq").startswith("1 "):
            self._ask(call, 2, self._proof(text, self.asked[call]))

    def _answer(self, text, source):
        kept = re.findall(r"(?mi)^(?:Via|From|To|Call-ID|CSeq):.*$", text.replace("\r", ""))
        lines = ["SIP/2.0 200 OK", *kept, f"Contact: <sip:{self.user}@{self.host}:{self.port}>", "Content-Length: 0", "", ""]
        self.socket.sendto("\r\n".join(lines).encode(), source)

    def _proof(self, text, target):
        """Of the password (RFC 8760), by the first challenge that we know."""
        for challenge in re.findall(r"(?mi)^WWW-Authenticate:\s*Digest\s+(.*)$", text.replace("\r", "")):
            said = {name.lower(): quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', challenge)}
            algorithm = said.get("algorithm", "MD5")
            if algorithm not in DIGESTS:
                continue
            uri, chosen = f"sip:{target}@{self.engine}", uuid.uuid4().hex[:16]

            def digest(words, of=DIGESTS[algorithm]):
                return of(words.encode()).hexdigest()

            secret = digest(f"{self.user}:{said['realm']}:{self.password}")
            proof = digest(f"{secret}:{said['nonce']}:00000001:{chosen}:auth:{digest(f'SUBSCRIBE:{uri}')}")
            return (
                f'Authorization: Digest username="{self.user}", realm="{said["realm"]}", nonce="{said["nonce"]}", uri="{uri}", '
                f'response="{proof}", algorithm={algorithm}, cnonce="{chosen}", qop=auth, nc=00000001'
                + (f', opaque="{said["opaque"]}"' if "opaque" in said else "") + "\r\n"
            )
        raise RuntimeError(f"no challenge that we know: {text}")


def _header(text, name):
    found = re.search(rf"(?mi)^{name}:\s*(.*?)\s*$", text)
    return found.group(1) if found else ""
