# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what was exported for every folder given: importing torch once for all of them.

convert.py, and back where it leads back; the renamings of names.py against those of pair.json; and conversions.py as transformers 5
would load it, against the bytes of rekey.safetensors.
"""
import contextlib
import importlib.util
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import loading  # noqa: E402

loading.install()


def module(folder, name):
    spec = importlib.util.spec_from_file_location(f"{name}_{folder.name}", folder / f"{name}.py")
    result = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = result
    spec.loader.exec_module(result)
    return result


def run(script, *arguments):
    sys.argv = ["convert.py", *map(str, arguments)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = script.main()
    assert code == 0, out.getvalue()


def unsaid(folder, name):
    return [line for line in (folder / f"{name}.py").read_text().splitlines() if line.startswith("# - ")]


def check_names(folder, pair):
    names = module(folder, "names").convert_old_keys_to_new_keys(pair["sources"])
    lines = unsaid(folder, "names")
    extra = [line for line in lines if "renames although" in line]
    for key, name in names.items():
        plain = pair["plain"].get(key, [])
        if plain:
            assert name in plain or (name == key and lines), f"{folder.name}: '{key}' becomes '{name}', the mapping says {plain}"
        else:
            assert name == key or extra, f"{folder.name}: '{key}' is no plain renaming, but becomes '{name}'"
    return sum(name in pair["plain"].get(key, []) for key, name in names.items())


def check_loading(folder, pair, script):
    made = loading.load(module(folder, "conversions").WEIGHT_CONVERSIONS, script.load(folder / "source.safetensors"))
    expected = script.load(folder / "rekey.safetensors")
    lines = unsaid(folder, "conversions")
    wrong = [key for key in pair["filled"] if key in made and not made[key].to(expected[key].dtype).equal(expected[key])]
    absent = [key for key in pair["filled"] if key not in made]
    assert not wrong or any("taken for another" in line for line in lines), f"{folder.name}: other values in {wrong[:3]}"
    assert not absent or lines, f"{folder.name}: nothing says that {absent[:3]} are not loaded"
    return len(pair["filled"]) - len(wrong) - len(absent)


renamed = loaded = filled = 0
for name in sys.argv[1:]:
    folder = Path(name)
    script = module(folder, "convert")
    run(script, folder / "source.safetensors", folder / "script.safetensors", "--target", folder / "target.safetensors", "--allow-missing")
    if hasattr(script, "SOURCE_KEYS"):
        run(script, folder / "rekey.safetensors", folder / "script_back.safetensors", "--reverse", "--allow-missing")
    pair = json.loads((folder / "pair.json").read_text())
    renamed += check_names(folder, pair)
    loaded += check_loading(folder, pair, script)
    filled += len(pair["filled"])
print(f"of {filled} filled keys {renamed} are named alike by the key dictionary, {loaded} loaded with equal values by the list of conversions")
assert loaded > 0.95 * filled, "the list of conversions should say nearly all of these mappings"
