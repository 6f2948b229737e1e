#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How right, how sure, how short and how fast `rekey suggest` is, on every pair of real models of tests/data/suggest.

    tests/bench/matcher.py [--program build/bin/rekey] [--scaling] [--values MIB] [--measure-baselines]

One row a pair: keys of the target; share of them that is exactly right; keys wrong and missed; of those suggested with a
confidence of at least 0.9 how many are wrong; rules, and how many the published conversion code needs (counted as
matcher.json says); seconds of the whole process, and of these on the processor (what they are when nothing else runs);
and beside it the share that simple methods get right:

    exact    equal names, once the prefix that all keys of a side share is taken off
    nearest  the most alike name of equal shape (difflib), best first, each once
    order    the keys of each shape in file order

--measure-baselines computes those again and writes them to matcher.json. --scaling adds made-up pairs of 1,000, 10,000
and 100,000 keys a side, --values MIB two checkpoints of that size with equal values under other names, and how many
bytes a second were read. Plain Python, no packages."""
import argparse
import array
import difflib
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data/suggest"
NOTES = pathlib.Path(__file__).with_name("matcher.json")
sys.path.insert(0, str(DATA))
import score  # noqa: E402


def pairs():
    return sorted(path.parent for path in DATA.glob("bench/*/truth.json")) + sorted(path.parent for path in DATA.glob("seed/*/truth.json"))


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


# ---------------------------------------------------------------- baselines

def without_common_prefix(keys):
    split = [key.split(".") for key in keys]
    common = 0
    while all(len(s) > common + 1 and s[common] == split[0][common] for s in split):
        common += 1
    return {".".join(s[common:]): key for s, key in zip(split, keys)}


def exact(source, target):
    names = without_common_prefix(list(source))
    return {key: names[name] for name, key in without_common_prefix(list(target)).items() if name in names}


def nearest(source, target):
    by_shape = {}
    for key, shape in source.items():
        by_shape.setdefault(tuple(shape), []).append(key)
    ranked = []
    for t, shape in target.items():
        matcher = difflib.SequenceMatcher(b=t, autojunk=False)
        for s in by_shape.get(tuple(shape), []):
            matcher.set_seq1(s)
            ranked.append((-matcher.ratio(), s, t))
    taken, result = set(), {}
    for _, s, t in sorted(ranked):
        if s not in taken and t not in result:
            taken.add(s)
            result[t] = s
    return result


def order(source, target):
    left = {}
    for key, shape in source.items():
        left.setdefault(tuple(shape), []).append(key)
    result = {}
    for t, shape in target.items():
        if left.get(tuple(shape)):
            result[t] = left[tuple(shape)].pop(0)
    return result


BASELINES = {"exact": exact, "nearest": nearest, "order": order}


def baseline_shares(pair):
    source, target = (load(pair / name) for name in ("source.json", "target.json"))
    shapes = [{t["key"]: t["shape"] for t in side["tensors"]} for side in (source, target)]
    shares = {}
    for name, method in BASELINES.items():
        found = method(*shapes)
        suggestion = {"pairs": [{"target": t, "sources": [s], "op": "copy", "args": {}} for t, s in found.items()]}
        shares[name] = round(score.score(load(pair / "truth.json"), suggestion, 0, source, target)["accuracy"], 4)
    return shares


# ---------------------------------------------------------------- the table

def timed(command):
    """Output of a process, its seconds, and its seconds on the processor."""
    used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    start, before = time.perf_counter(), used()
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if result.returncode > 1:
        sys.exit(f"{command} failed with {result.returncode}")
    return result.stdout, time.perf_counter() - start, used() - before


def suggest(program, source, target, *options):
    output, seconds, processor = timed([program, "suggest", source, target, "--json", *options])
    return json.loads(output), seconds, processor


def row_of(program, pair, folder):
    output = folder / "pairs.json"
    report, seconds, processor = suggest(program, pair / "source.json", pair / "target.json", "--pairs", output)
    row = score.score(load(pair / "truth.json"), load(output), 0, load(pair / "source.json"), load(pair / "target.json"))
    row.update(rules=len(report["mapping"]["rules"]), seconds=seconds, processor=processor)
    return row


def percent(share):
    return f"{100 * share:.1f} %"


def print_table(program, notes):
    print("| pair | keys | right | wrong | missed | wrong at ≥ 0.9 | rules | published | s | processor s | exact | nearest | order |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for pair in pairs():
            row = row_of(program, pair, pathlib.Path(folder))
            base = notes["baselines"][pair.name]
            published = notes["published"].get(pair.name, {}).get("rules", "–")
            rows.append((row, base))
            print(f"| {pair.name} | {row['targets']} | {percent(row['accuracy'])} | {row['wrong']} | {row['missed']} | "
                  f"{row['conf_n'] - row['conf_ok']} of {row['conf_n']} | {row['rules']} | {published} | {row['seconds']:.2f} | {row['processor']:.2f} | "
                  + " | ".join(percent(base[name]) for name in BASELINES) + " |", flush=True)
    mean = lambda values: sum(values) / len(rows)
    print(f"| **mean** | | {percent(mean([r['accuracy'] for r, _ in rows]))} | | | "
          f"{sum(r['conf_n'] - r['conf_ok'] for r, _ in rows)} of {sum(r['conf_n'] for r, _ in rows)} | | | "
          f"{mean([r['seconds'] for r, _ in rows]):.2f} | {mean([r['processor'] for r, _ in rows]):.2f} | "
          + " | ".join(percent(mean([base[name] for _, base in rows])) for name in BASELINES) + " |")
    print("\nOthers: " + notes["others"]["text"])


# ---------------------------------------------------------------- made-up pairs

BLOCK = [("norm1.weight", "layernorm_before.weight", [64]), ("norm1.bias", "layernorm_before.bias", [64]),
         ("attn.q.weight", "attention.query.weight", [64, 64]), ("attn.k.weight", "attention.key.weight", [64, 64]),
         ("attn.v.weight", "attention.value.weight", [64, 64]), ("attn.proj.weight", "attention.output.dense.weight", [64, 64]),
         ("attn.proj.bias", "attention.output.dense.bias", [64]), ("norm2.weight", "layernorm_after.weight", [64]),
         ("norm2.bias", "layernorm_after.bias", [64]), ("mlp.fc1.weight", "intermediate.dense.weight", [256, 64]),
         ("mlp.fc1.bias", "intermediate.dense.bias", [256]), ("mlp.fc2.weight", "output.dense.weight", [64, 256])]
EXPERT = [("w1", "gate_proj", [128, 64]), ("w2", "down_proj", [64, 128]), ("w3", "up_proj", [128, 64])]


def deep(count):
    for i in range(count // len(BLOCK) + 1):
        for source, target, shape in BLOCK:
            yield f"blocks.{i}.{source}", f"encoder.layer.{i}.{target}", shape


def experts(count):
    for i in range(count // (128 * len(EXPERT)) + 1):
        for e in range(128):
            for source, target, shape in EXPERT:
                yield f"layers.{i}.feed_forward.experts.{e}.{source}.weight", f"model.layers.{i}.mlp.experts.{e}.{target}.weight", shape


def flat(count):
    for i in range(count):
        yield f"w{i}", f"params.{i}.value", [8, 8]


def print_scaling(program):
    print("\n| made up | keys a side | right | rules | s | processor s |\n|---|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for kind in (deep, experts, flat):
            for count in (1_000, 10_000, 100_000):
                rows = list(kind(count))[:count]
                for side, file in ((0, "source.json"), (1, "target.json")):
                    tensors = [{"key": row[side], "shape": row[2], "dtype": "F32"} for row in rows]
                    (folder / file).write_text(json.dumps({"name": kind.__name__, "tensors": tensors}))
                runs = [timed([program, "suggest", folder / "source.json", folder / "target.json", "-o", folder / "m.rekey.json"])[1:]
                        for _ in range(3)]
                seconds, processor = min(runs)
                suggest(program, folder / "source.json", folder / "target.json", "--pairs", folder / "pairs.json")
                found = {p["target"]: p["sources"] for p in load(folder / "pairs.json")["pairs"]}
                right = sum(found.get(target) == [source] for source, target, _ in rows)
                rules = len(load(folder / "m.rekey.json")["rules"])
                print(f"| {kind.__name__} | {len(rows):,} | {percent(right / len(rows))} | {rules} | {seconds:.2f} | {processor:.2f} |", flush=True)


def write_safetensors(path, tensors):
    header, at = {}, 0
    for key, shape, data in tensors:
        header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, _, data in tensors:
            file.write(data)


def print_values(program, mebibytes):
    rng = random.Random(1)
    side = 1024
    rows = []
    for i in range(max(1, mebibytes // (4 * 4))):
        for j, name in enumerate(("q", "k", "v", "o")):
            rows.append((f"layers.{i}.{name}.weight", f"h.{i}.part{(j + i) % 4}.w", array.array("f", (rng.gauss(0, 1) for _ in range(1 << 10))) * side))
    for n, row in enumerate(rows):
        row[2][0] = n + 2.0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_safetensors(folder / "a.safetensors", [(a, [side, side], data.tobytes()) for a, _, data in rows])
        write_safetensors(folder / "b.safetensors", [(b, [side, side], data.tobytes()) for _, b, data in reversed(rows)])
        size = sum((folder / f"{x}.safetensors").stat().st_size for x in "ab")
        start = time.perf_counter()
        for x in "ab":
            with open(folder / f"{x}.safetensors", "rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass
        floor = time.perf_counter() - start
        report, seconds, _ = suggest(program, folder / "a.safetensors", folder / "b.safetensors", "--pairs", folder / "pairs.json")
        found = {p["target"]: p["sources"] for p in load(folder / "pairs.json")["pairs"]}
        values = report["values"]
        print(f"\nvalues: {size / 2**20:.0f} MiB in {seconds:.2f} s, {values['bytes_read'] / size:.3f} bytes read for each byte of the files; reading alone "
              f"{floor:.2f} s; {values['proven_targets']} of {len(rows)} proven, {sum(found.get(b) == [a] for a, b, _ in rows)} right; "
              f"digests held {values['bytes_held'] / 2**20:.1f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/bin/rekey"))
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--values", type=int, metavar="MIB")
    parser.add_argument("--measure-baselines", action="store_true")
    options = parser.parse_args()
    notes = load(NOTES)
    if options.measure_baselines:
        for pair in pairs():
            notes["baselines"][pair.name] = baseline_shares(pair)
            print(pair.name, notes["baselines"][pair.name], flush=True)
            NOTES.write_text(json.dumps(notes, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    print_table(options.program, notes)
    if options.scaling:
        print_scaling(options.program)
    if options.values:
        print_values(options.program, options.values)


main()
