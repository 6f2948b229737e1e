# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the convert.py of every folder given, and back where it leads back: importing torch once for all of them."""
import contextlib
import importlib.util
import io
import sys
from pathlib import Path


def run(script, *arguments):
    sys.argv = ["convert.py", *map(str, arguments)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = script.main()
    assert code == 0, out.getvalue()


for name in sys.argv[1:]:
    folder = Path(name)
    spec = importlib.util.spec_from_file_location(f"convert_{folder.name}", folder / "convert.py")
    script = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script
    spec.loader.exec_module(script)
    run(script, folder / "source.safetensors", folder / "script.safetensors", "--target", folder / "target.safetensors", "--allow-missing")
    if hasattr(script, "SOURCE_KEYS"):
        run(script, folder / "rekey.safetensors", folder / "script_back.safetensors", "--reverse", "--allow-missing")
