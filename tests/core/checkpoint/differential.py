#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our readers against strictreader.py, a second implementation of the same specification, on changed corpus files.

    differential.py --verdicts build/bin/reader-verdicts [--count 3000] [--seed 1] [--keep FOLDER]

Takes valid and hostile files in turn and changes each: bytes set, flipped, swapped, cut out, put in, numbers enlarged,
pieces of other files spliced in; archives are re-packed with right checksums, so that what is inside is changed and not
only the archive. Both readers must give the same verdict (refused or not; silent or with a warning), and where both
list, the same tensors with the same values. Differences that the specification leaves open are named in ALLOWED, each
with its reason, and counted. Exits with 1 if any other is left; --keep writes those files to a folder."""
import argparse
import collections
import contextlib
import hashlib
import io
import json
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import warnings
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import strictreader  # noqa: E402

CORPUS = pathlib.Path(__file__).resolve().parents[2] / "data/corpus"
NAMES = dict(float64="F64", float32="F32", float16="F16", bfloat16="BF16", int64="I64", int32="I32", int16="I16", int8="I8",
             uint64="U64", uint32="U32", uint16="U16", uint8="U8", bool="BOOL", complex32="C32", complex64="C64", complex128="C128",
             float8_e4m3fn="F8_E4M3", float8_e5m2="F8_E5M2", float8_e4m3fnuz="F8_E4M3FNUZ", float8_e5m2fnuz="F8_E5M2FNUZ",
             float8_e8m0fnu="F8_E8M0", float4_e2m1="F4", float4_e2m1fn_x2="F4_X2", float6_e2m3="F6_E2M3", float6_e3m2="F6_E3M2",
             qint8="QI8", quint8="QU8", qint32="QI32", quint4x2="QU4X2", quint2x4="QU2X4", bits8="BITS8", bits16="BITS16",
             bits1x8="BITS1X8", bits2x4="BITS2X4", bits4x2="BITS4X2")
LARGEST = 200_000   # bytes of a corpus file that is changed
SECONDS = 20        # for one file in the strict reader, which is slow on bombs

# ---------------------------------------------------------------- changes

INTERESTING = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x28, 0x2E, 0x52, 0x62, 0x63, 0x7D, 0x85, 0x86, 0x87, 0x93, 0x94]
NUMBERS = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1]


def changed_once(data, other, rng):
    kind = rng.randrange(10)
    at = rng.randrange(len(data)) if data else 0
    if not data:
        return other[:8]
    if kind == 0:
        return data[:at] + bytes([rng.choice(INTERESTING)]) + data[at + 1:]
    if kind == 1:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1:]
    if kind == 2:
        return data[:at] + bytes([(data[at] + rng.choice([1, -1, 16])) & 255]) + data[at + 1:]
    if kind == 3:
        return data[:at] + data[at + rng.randrange(1, 9):]
    if kind == 4:
        return data[:at] + bytes(rng.choice(INTERESTING) for _ in range(rng.randrange(1, 5))) + data[at:]
    if kind == 5:
        width = rng.choice([2, 4, 8])
        number = (rng.choice(NUMBERS) + rng.choice([0, 0, 1, -1])) % (1 << 8 * width)
        return data[:at] + number.to_bytes(width, "little") + data[at + width:]
    if kind == 6:
        end = min(len(data), at + rng.randrange(1, 33))
        return data[:end] + data[at:end] + data[end:]
    if kind == 7:
        return data[:at]
    if kind == 8:
        begin = rng.randrange(len(other)) if other else 0
        return data[:at] + other[begin:begin + rng.randrange(1, 65)] + data[at:]
    digits = [i for i in range(at, min(at + 200, len(data))) if 48 <= data[i] <= 57]
    if not digits:
        return data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
    return data[:digits[0]] + bytes([rng.randrange(48, 58)]) + data[digits[0] + 1:]


def changed(data, other, rng):
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        data = changed_once(data, other, rng)
    return data


def repacked(data, other, rng):
    """The zip with one record changed, named otherwise, left out or there twice, and right checksums; None if it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            records = [(info.filename, archive.read(info), info.compress_type) for info in archive.infolist()]
    except Exception:  # a broken archive is changed as plain bytes
        return None
    if not records:
        return None
    kind = rng.randrange(12)
    pickles = [i for i, record in enumerate(records) if record[0].endswith((".pkl", ".npy"))]
    chosen = rng.choice(pickles) if pickles and rng.randrange(8) else rng.randrange(len(records))
    name, content, method = records[chosen]
    if kind == 0:
        del records[chosen]
    elif kind == 1:
        records.append((name + rng.choice(["", "x", ".bak", "/1"]), content, method))
    elif kind == 2:
        records[chosen] = (rng.choice(["x/", "../", "/", ""]) + name, content, method)
    else:
        records[chosen] = (name, changed(content, other, rng), rng.choice([method, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content, method in records:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


def retarred(data, rng):
    """A tar whose header checksum is put right after a change in its members."""
    at = 512 * rng.randrange(len(data) // 512)
    out = bytearray(changed_once(data, data, rng)[:len(data)].ljust(len(data), b"\0"))
    header = out[at:at + 512]
    if header[257:262] == b"ustar":
        header[148:156] = b" " * 8
        out[at + 148:at + 156] = b"%06o\0 " % sum(header)
    return bytes(out)


def reheaded(data, other, rng):
    """A safetensors file whose header is changed and whose length field fits it."""
    if len(data) < 9 or data[8:9] != b"{":
        return None
    length = struct.unpack("<Q", data[:8])[0]
    header = changed(data[8:8 + length], other, rng)
    return struct.pack("<Q", len(header)) + header + data[8 + length:]


def variant(data, other, rng):
    made = None
    if rng.randrange(4):
        if data[:2] == b"PK":
            made = repacked(data, other, rng)
        elif data[257:262] == b"ustar" and len(data) >= 512:
            made = retarred(data, rng)
        else:
            made = reheaded(data, other, rng)
    return made if made is not None else changed(data, other, rng)


# ---------------------------------------------------------------- verdicts

class TooSlow(Exception):
    pass


def too_slow(*_):
    raise TooSlow


def strict_verdict(path):
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            result = strictreader.open_any(str(path))
        tensors = []
        for steps, dtype, shape, data, more in result.tensors:
            parts = more.get("comp")
            tensors.append((list(steps), dtype, shape, None if parts is not None or data is None else data))
            for part in parts or ():
                tensors.append((list(steps) + [part[0]], part[1], part[2], part[3]))
        return {"verdict": "warned" if result.warn else "listed", "warnings": result.warn, "tensors": tensors}
    except strictreader.Err as error:
        return {"verdict": "refused", "error": str(error)}
    except (TooSlow, MemoryError, RecursionError) as error:
        return {"verdict": "gave up", "error": repr(error)}
    except Exception as error:  # the strict reader is a checker, not a product: it may meet what it does not expect
        return {"verdict": "broke", "error": repr(error)}
    finally:
        signal.alarm(0)


def listing(tensors, hashed):
    rows = {}
    for steps, dtype, shape, data in tensors:
        digest = hashlib.sha256(data).hexdigest() if hashed and data is not None else data
        rows[json.dumps(steps, sort_keys=True)] = (NAMES.get(dtype, dtype), shape, digest)
    return rows


def difference_of_listings(strict, ours):
    theirs, mine = listing(strict["tensors"], True), listing(ours["tensors"], False)
    unnamed = re.compile(r'"<|\{"repr"')  # keys that are no text have no agreed spelling
    for key in theirs.keys() | mine.keys():
        if unnamed.search(key):
            continue
        if key not in theirs or key not in mine:
            return f"tensor {key} only in {'ours' if key in mine else 'strict'}"
        (dtype, shape, digest), (our_dtype, our_shape, our_digest) = theirs[key], mine[key]
        if dtype != our_dtype:
            return f"tensor {key} is {dtype}, ours {our_dtype}"
        if shape is not None and list(shape) != list(our_shape):
            return f"tensor {key} has shape {shape}, ours {our_shape}"
        if digest and our_digest and digest != our_digest:
            return f"tensor {key} has other values"
    return None


# ---------------------------------------------------------------- what may differ

# strict verdict, ours, what the strict reader says, what ours say (regular expressions), why both may stand
ALLOWED = [
    ("listed|refused", "warned", "", "its constants are not listed", "constants of TorchScript that cannot be read do not hide the rest"),
    ("refused", "warned", "safetensors", "named .safetensors, but is", "what is named .safetensors but is a pickle is listed, and said to be one"),
    ("refused", "warned", "tensor: ", "occurs twice in one dictionary", "a value that a later one replaces is not looked at"),
    ("warned", "listed|refused", "torch.jit._pickle.(restore_type_tag|build_)", "", "TorchScript's own wrappers of lists are no alarm (section 12)"),
    ("listed", "warned", "", "carries backward hooks", "hooks of quantised tensors and of parts are looked at as well"),
    ("listed", "warned", "", "would call|names .*which could run code", "names with control characters or several dots are an alarm (5.4)"),
    ("refused", "listed|warned", "bad STRING", "", "byte strings of Python 2 hold bytes beyond ASCII"),
    ("refused", "listed|warned", "numpy: unknown dtype", "", "a numpy scalar of an unknown type is an object like any other"),
    ("refused", "listed|warned", "torch tar: root is not a dict", "", "section 10 asks for no dictionary"),
    ("listed", "warned", "", "occurs twice in one dictionary", "also in the dictionaries of modules"),
    ("warned", "listed", "not materialised", "", "only the strict reader has to hold a tensor whole"),
    ("listed", "warned", "", "storage records are used by no tensor", "also in TorchScript archives"),
    ("listed|warned", "refused", "", "memo slot in text form", "a sign in front of a memo slot is no digit"),
    ("listed", "warned", "", "bytes between the entries|truth values|of them are used", "bytes that nobody claims (rule 8), odd truth values (7)"),
    ("listed|warned", "refused", "", "local header states|end record is not at|split over several disks",
     "each field of the archive is checked (section 3)"),
    ("listed|warned", "refused", "", "storage.*: its class|quantiser is unknown|its dtype is unknown|size is not made of",
     "names and numbers count in full, also where the strict reader looks at their end only"),
    ("listed|warned", "refused", "", "at least \\d were expected", "Python would not call a function with too few arguments"),
    ("listed|warned", "refused", "", "header: not valid JSON", "an escaped half of a surrogate pair is no text"),
    ("listed|warned", "refused", "", "piece \\d+|sizes, strides and offsets disagree", "nested tensors: the pieces must lie in the values"),
    ("listed|warned", "refused", "", "its record (has|data/)|its record .* is missing", "also of storages that no listed tensor uses"),
    ("listed|warned", "refused", "", "dictionary key is of a kind", "also of dictionaries that are not part of the result"),
]


def allowed_reason(strict, ours):
    said = strict.get("error") or " ".join(strict["warnings"])
    we_said = ours.get("error") or " ".join(ours["warnings"])
    for theirs, mine, their_text, our_text, reason in ALLOWED:
        if re.fullmatch(theirs, strict["verdict"]) and re.fullmatch(mine, ours["verdict"]) and re.search(their_text, said) \
                and re.search(our_text, we_said):
            return reason
    return None


def compare(strict, ours):
    """None where they agree, else what differs."""
    if strict["verdict"] in ("gave up", "broke"):
        return None
    if strict["verdict"] != ours["verdict"]:
        return f"{strict['verdict']} by the strict reader, {ours['verdict']} by ours"
    if strict["verdict"] == "refused":
        return None
    return difference_of_listings(strict, ours)


class Ours:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def verdict(self, path):
        self.process.stdin.write(str(path).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"our reader ended on {path} with status {self.process.wait()}")
        return json.loads(answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verdicts", required=True)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    signal.signal(signal.SIGALRM, too_slow)
    warnings.simplefilter("ignore")  # zipfile's about the names that are there twice on purpose
    files = sorted(path for half in ("valid", "hostile") for path in (CORPUS / half).iterdir()
                   if path.is_file() and not path.name.endswith((".expect.json", ".index.json")) and 0 < path.stat().st_size <= LARGEST)
    contents = [path.read_bytes() for path in files]
    valid = [i for i, path in enumerate(files) if path.parent.name == "valid"]
    ours = Ours(options.verdicts)
    counts, reasons, found = collections.Counter(), collections.Counter(), []
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for number in range(options.count):
            index = rng.choice(valid) if rng.randrange(3) else rng.randrange(len(files))
            made = variant(contents[index], contents[rng.choice(valid)], rng)
            path = pathlib.Path(folder) / ("m" + files[index].suffix)
            path.write_bytes(made)
            strict, mine = strict_verdict(path), ours.verdict(path)
            counts[strict["verdict"]] += 1
            differs = compare(strict, mine)
            if differs is None:
                continue
            reason = allowed_reason(strict, mine)
            if reason is not None:
                reasons[reason] += 1
                continue
            found.append(number)
            print(f"{number} {files[index].name}: {differs}\n    strict: {strict.get('error') or strict['warnings'][:2]}\n"
                  f"    ours:   {mine.get('error') or mine['warnings'][:2]}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{number}-{files[index].name}").write_bytes(made)
    print(f"{options.count} changed files: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
          + f" by the strict reader; {sum(reasons.values())} allowed differences, {len(found)} others")
    for reason, count in reasons.most_common():
        print(f"  {count:6} {reason}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
