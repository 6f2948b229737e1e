#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long listing a checkpoint takes beside torch.load of the same file in the same run.

    tests/bench/listing.py [--program build/bin/rekey] [--folder DIR] [--huge]

Writes a ViT-B checkpoint of SAM (375 MB, random weights; with --huge also ViT-H, 2.6 GB) and a safetensors file of
100,000 tensors to the folder (default: a temporary one), reads each once so that it is in the page cache, and times
whole processes: `rekey keys` against a Python that loads the file, with and without its own start. Needs torch."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPEATS = 7


def sam_checkpoint(folder, size):
    path = folder / f"sam_{size}.pth"
    if not path.exists():
        schema = json.loads((ROOT / "resources/schemas" / f"sam_{size}.json").read_text())
        torch.save({t["key"]: torch.randn(t["shape"]) for t in schema["tensors"]}, path)
    return path


def many_tensors(folder, count=100_000):
    path = folder / "many.safetensors"
    header = {f"model.layers.{i // 250}.experts.{i % 250}.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [16 * i, 16 * i + 16]}
              for i in range(count)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16 * count))
    return path


def median_seconds(command):
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak_mebibytes(command):
    """Of a fresh child: measured by a small Python that runs the command and asks for its children's peak."""
    script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); " \
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return int(subprocess.run([sys.executable, "-c", script, *command], capture_output=True, check=True, text=True).stdout) / 1024


def torch_load_seconds(path):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        torch.load(path, map_location="cpu")
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build-run/bin/rekey"))
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--huge", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{'file':<22} {'rekey keys':>12} {'peak memory':>12} {'torch.load':>12} {'ratio':>8} {'python process':>15} {'ratio':>8}")
        for path in [sam_checkpoint(folder, size) for size in ["vit_b"] + ["vit_h"] * options.huge]:
            path.read_bytes()
            keys = [options.program, "keys", str(path)]
            rekey, load = median_seconds(keys), torch_load_seconds(path)
            process = median_seconds([sys.executable, "-c", f"import torch; torch.load({str(path)!r})"])
            print(f"{path.name:<22} {rekey * 1000:>9.1f} ms {peak_mebibytes(keys):>8.1f} MiB {load * 1000:>9.1f} ms {load / rekey:>7.1f}× "
                  f"{process * 1000:>12.0f} ms {process / rekey:>7.0f}×")
        path = many_tensors(folder)
        keys = [options.program, "keys", str(path)]
        print(f"{'100,000 tensors':<22} {median_seconds(keys) * 1000:>9.1f} ms {peak_mebibytes(keys):>8.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
