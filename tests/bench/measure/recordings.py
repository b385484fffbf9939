"""Are the recordings whole: a header that tells the truth, the whole length, sound on both channels throughout."""

import array
import struct
import time


def wait_for(folder, number, patience=8.0):
    """The recordings of a run, once they have all been closed."""
    deadline = time.monotonic() + patience
    sizes = None
    while time.monotonic() < deadline:
        files = sorted(folder.rglob("*.wav"))
        now = [path.stat().st_size for path in files]
        if len(files) >= number and now == sizes:
            return files
        sizes = now
        time.sleep(0.5)
    return sorted(folder.rglob("*.wav"))


def inspect(files, least_seconds, talk_seconds):
    """How many are whole, and what is wrong with the others. callgen ends the talk of all calls at once, and the calls
    one after the other: only the talk has sound."""
    flaws = []
    for path in files:
        flaw = _flaw(path, least_seconds, talk_seconds)
        if flaw:
            flaws.append(f"{path.name}: {flaw}")
    return len(files) - len(flaws), flaws


def _flaw(path, least_seconds, talk_seconds):
    with open(path, "rb") as file:
        file.seek(0, 2)
        size = file.tell()
        file.seek(0)
        head = file.read(4096)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return "no WAV header"
        if struct.unpack("<I", head[4:8])[0] + 8 != size:
            return f"the header says {struct.unpack('<I', head[4:8])[0] + 8} octets, the file has {size}"
        at, form, data = 12, None, None
        while at + 8 <= len(head):
            name, length = head[at : at + 4], struct.unpack("<I", head[at + 4 : at + 8])[0]
            if name == b"fmt ":
                form = struct.unpack("<HHIIHH", head[at + 8 : at + 24])
            if name == b"data":
                data = (at + 8, length)
                break
            at += 8 + length + length % 2
        if form is None or data is None:
            return "no fmt or no data"
        _, channels, rate, _, frame, bits = form
        if (channels, bits) != (2, 16):
            return f"{channels} channels of {bits} bits"
        begin, length = data
        if begin + length > size:
            return "the data is cut off"
        seconds = length / frame / rate
        if seconds < least_seconds:
            return f"{seconds:.2f} s of at least {least_seconds} s"
        return _silence(file, begin, rate, frame, talk_seconds)


def _silence(file, begin, rate, frame, talk_seconds):
    """The first second of the talk with a silent channel: 100 ms of each are looked at."""
    for second in range(1, int(talk_seconds)):
        file.seek(begin + second * rate * frame)
        samples = array.array("h", file.read(rate // 10 * frame))
        for channel in (0, 1):
            if max(map(abs, samples[channel::2]), default=0) < 500:
                return f"channel {channel} is silent at {second} s"
    return None
