#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a conversion writes, as a ratio to `cp` of the same file in the same run.

    tests/bench/writing.py [--program build/bin/rekey] [--folder DIR] [--size b|l|h] [--rounds N]

Writes a checkpoint of SAM (b: 375 MB, h: 2.6 GB, random weights) to the folder (default: a temporary one), reads it once
so that it is in the page cache, and in every round copies and converts it in drawn order, to both formats: names as they
are, Hugging Face's names, and every fused q/k/v taken apart. What was written is removed before the next one begins.
Needs torch, and twice the file's size in free memory: a disk is not what is measured."""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

from listing import ROOT, peak_mebibytes, sam_checkpoint


def apart(schema):
    """The schema with attention's fused q/k/v as three tensors each."""
    tensors = []
    for tensor in schema["tensors"]:
        if ".attn.qkv." in tensor["key"]:
            shape = [tensor["shape"][0] // 3, *tensor["shape"][1:]]
            tensors += [{**tensor, "key": tensor["key"].replace(".qkv.", f".{part}_proj."), "shape": shape} for part in "qkv"]
        else:
            tensors.append(tensor)
    return {**schema, "tensors": tensors}


def gigabytes_per_second(command, written):
    written.unlink(missing_ok=True)
    os.sync()
    start = time.perf_counter()
    subprocess.run([*command, written], stdout=subprocess.DEVNULL, check=True)
    elapsed = time.perf_counter() - start
    size = written.stat().st_size
    written.unlink()
    return size / elapsed / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build-run/bin/rekey"))
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--size", choices="blh", default="h")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or pathlib.Path(temporary)
        source = sam_checkpoint(folder, f"vit_{options.size}")
        source.read_bytes()
        schemas = ROOT / "resources/schemas"
        targets = {"same names": schemas / f"sam_vit_{options.size}.json",
                   "Hugging Face's": schemas / f"hf_sam_{dict(b='base', l='large', h='huge')[options.size]}.json",
                   "q, k, v apart": folder / "apart.json"}
        targets["q, k, v apart"].write_text(json.dumps(apart(json.loads(targets["same names"].read_text()))))
        ways = {"cp": ("copy.pth", ["cp", source])}
        for number, (label, target) in enumerate(targets.items()):
            mapping = folder / f"{number}.rekey.json"
            subprocess.run([options.program, "suggest", source, target, "--names-only", "-o", mapping], stdout=subprocess.DEVNULL, check=True)
            for extension in ["safetensors", "pth"]:
                command = [options.program, "convert", source, "-m", mapping, "-t", target, "-o"]
                ways[f"{label}, .{extension}"] = (f"written.{extension}", command)
        rates = {way: [] for way in ways}
        for _ in range(options.rounds):
            for way in random.sample(list(ways), len(ways)):
                name, command = ways[way]
                rates[way].append(gigabytes_per_second(command, folder / name))
        print(f"{source.name}, {source.stat().st_size / 1e9:.2f} GB, {options.rounds} rounds")
        print(f"{'':<28} {'median':>11} {'slowest':>9} {'fastest':>9} {'of cp':>7} {'peak memory':>12}")
        copied = statistics.median(rates["cp"])
        for way, all_rates in rates.items():
            median = statistics.median(all_rates)
            name, command = ways[way]
            peak = peak_mebibytes([str(part) for part in [*command, folder / name]])
            (folder / name).unlink()
            print(f"{way:<28} {median:>6.2f} GB/s {min(all_rates):>9.2f} {max(all_rates):>9.2f} {median / copied:>6.2f}× {peak:>8.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
