# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs generated conversion scripts on small checkpoints and compares every byte with what plain torch gives.

    check_scripts.py FOLDER…    each with convert.py and case.json: source and target rows, `expected` (Python that fills
                                the dictionary `expected` from `source`), `reverse` (whether the script leads back)
"""
import contextlib
import importlib.util
import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import torch

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32}


def make(rows, seed):
    torch.manual_seed(seed)
    tensors = {}
    for row in rows:
        dtype = DTYPES[row["dtype"]]
        values = torch.randn(row["shape"]) if dtype.is_floating_point else torch.randint(0, 100, row["shape"])
        tensors[row["key"]] = values.to(dtype)
    return tensors


def raw(tensor):
    flat = tensor.contiguous().reshape(-1)
    return b"" if flat.numel() == 0 else flat.view(torch.uint8).numpy().tobytes()


def write_safetensors(path, tensors):
    header, data = {}, b""
    for key, tensor in tensors.items():
        bytes_ = raw(tensor)
        name = next(n for n, d in DTYPES.items() if d == tensor.dtype)
        header[key] = {"dtype": name, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def read_safetensors(path):
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    result = {}
    for key, entry in json.loads(content[8 : 8 + length]).items():
        if key == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        result[key] = (entry["dtype"], tuple(entry["shape"]), content[8 + length + begin : 8 + length + end])
    return result


def described(tensors):
    names = {dtype: name for name, dtype in DTYPES.items()}
    return {key: (names[t.dtype], tuple(t.shape), raw(t)) for key, t in tensors.items()}


def compare(what, got, expected):
    assert set(got) == set(expected), f"{what}: missing {set(expected) - set(got)}, more {set(got) - set(expected)}"
    for key in expected:
        assert got[key][:2] == expected[key][:2], f"{what}: {key} is {got[key][:2]}, expected {expected[key][:2]}"
        assert got[key][2] == expected[key][2], f"{what}: {key} has other bytes"


def load_script(folder):
    spec = importlib.util.spec_from_file_location(f"convert_{folder.name}", folder / "convert.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(script, *arguments):
    sys.argv = ["convert.py", *map(str, arguments)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = script.main()
    return code, out.getvalue()


def check(folder):
    case = json.loads((folder / "case.json").read_text())
    script = load_script(folder)
    source = make(case["source"], 1)
    target = make(case["target"], 2)
    dtypes = {row["key"]: DTYPES[row["dtype"]] for row in case["target"]}
    expected = {}
    exec(case["expected"], {"torch": torch, "source": source, "target": target, "expected": expected})
    expected = {key: tensor.to(dtypes[key]) for key, tensor in expected.items()}
    for row in case["target"]:
        assert list(expected[row["key"]].shape) == row["shape"], f"the case itself is wrong about {row['key']}"

    torch.save({"epoch": 3, "model": source, "optimizer": {"state": {0: {"step": torch.zeros(1)}}}}, folder / "in.pth")
    write_safetensors(folder / "in.safetensors", source)
    torch.save(target, folder / "target.pth")
    extra = ["--target", folder / "target.pth"] if case["needs_target"] else []

    code, out = run(script, folder / "in.pth", folder / "out.safetensors", *extra)
    assert code == 0, out
    compare("from .pth", read_safetensors(folder / "out.safetensors"), described(expected))
    code, out = run(script, folder / "in.safetensors", folder / "out.pt", *extra)
    assert code == 0, out
    compare("from .safetensors", described(torch.load(folder / "out.pt")), described(expected))
    assert "missing keys (in the target, not filled): 0" in out, out
    assert f"unexpected keys (in the source, not used): {case['unexpected']}" in out, out

    with_target = {key: tensor for key, tensor in target.items()}
    code, out = run(script, folder / "in.pth", folder / "half.safetensors", "--dtype", "float16", *extra)
    assert code == 0, out
    half = {key: tensor.to(torch.float16) if dtypes[key].is_floating_point else tensor for key, tensor in expected_raw(case, source, with_target, dtypes).items()}
    compare("--dtype float16", read_safetensors(folder / "half.safetensors"), described(half))

    assert hasattr(script, "SOURCE_KEYS") == case["reverse"], "whether there is a way back"
    if case["reverse"]:
        # What was dropped is in no file but the one that it was dropped from.
        dropped = ["--target", folder / "in.safetensors"] if case["restores"] else []
        unused = ["--allow-missing"] if case["unexpected"] else []
        code, out = run(script, folder / "out.pt", folder / "back.safetensors", "--reverse", *dropped, *unused)
        assert code == 0, out
        if dropped:
            code, out = run(script, folder / "out.pt", folder / "without.safetensors", "--reverse")
            assert code == 1 and "missing keys" in out and not (folder / "without.safetensors").exists(), out
        again = {}
        source_dtypes = {row["key"]: DTYPES[row["dtype"]] for row in case["source"]}
        for key, tensor in source.items():
            again[key] = tensor
        if case["lossless"]:
            compare("back", read_safetensors(folder / "back.safetensors"), described({k: t.to(source_dtypes[k]) for k, t in again.items()}))

    # One key less: reported, refused, allowed.
    if case["drop_one"]:
        less = {key: tensor for key, tensor in source.items() if key != case["drop_one"]}
        torch.save(less, folder / "less.pth")
        code, out = run(script, folder / "less.pth", folder / "less.safetensors", *extra)
        assert code == 1 and not (folder / "less.safetensors").exists(), out
        code, out = run(script, folder / "less.pth", folder / "less.safetensors", "--allow-missing", *extra)
        assert code == 0 and (folder / "less.safetensors").exists(), out
    assert not list(folder.glob("*.part")), "something is left beside the output"


def expected_raw(case, source, target, dtypes):
    expected = {}
    exec(case["expected"], {"torch": torch, "source": source, "target": target, "expected": expected})
    return {key: tensor if dtypes[key].is_floating_point else tensor.to(dtypes[key]) for key, tensor in expected.items()}


def check_program(folder):
    """Once as a person would: a process, shards, an input that must not be overwritten."""
    python = [sys.executable, str(folder / "convert.py")]
    done = subprocess.run([*python, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--allow-missing" in done.stdout, done.stdout + done.stderr
    done = subprocess.run([*python, str(folder / "in.pth"), str(folder / "in.pth")], capture_output=True, text=True)
    assert done.returncode == 2 and "overwrite" in done.stderr, done.stderr
    torch.save({"model": make([{"key": "n", "shape": [2], "dtype": "F32"}], 1), "args": Path("x")}, folder / "objects.pth")
    done = subprocess.run([*python, str(folder / "objects.pth"), str(folder / "objects.safetensors")], capture_output=True, text=True)
    assert done.returncode == 1 and "holds more than tensors" in done.stderr and "Traceback" not in done.stderr, done.stderr
    done = subprocess.run([*python, str(folder / "absent.pth"), str(folder / "out2.safetensors")], capture_output=True, text=True)
    assert done.returncode == 1 and "no such file" in done.stderr and "Traceback" not in done.stderr, done.stderr
    done = subprocess.run([*python, str(folder / "in.pth"), str(folder / "shards.safetensors"), "--max-shard-gb", "4e-8"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    index = json.loads((folder / "shards.safetensors.index.json").read_text())
    joined = {}
    for name in set(index["weight_map"].values()):
        joined.update(read_safetensors(folder / name))
    compare("shards", joined, read_safetensors(folder / "out.safetensors"))
    assert len(set(index["weight_map"].values())) > 1
    script = load_script(folder)
    if hasattr(script, "SOURCE_KEYS"):
        code, out = run(script, folder / "shards.safetensors.index.json", folder / "joined.safetensors", "--reverse")
        assert code == 0, out
        compare("from shards", read_safetensors(folder / "joined.safetensors"), read_safetensors(folder / "back.safetensors"))


FOLDERS = sys.argv[1:]
for number, name in enumerate(FOLDERS):
    folder = Path(name)
    check(folder)
    if number == 0:
        check_program(folder)
    print(f"{folder.name}: equal")
