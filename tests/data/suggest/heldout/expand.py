#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""expand.py OUT [develop|second|measure|experts|third]: writes OUT/VARIANT/PAIR/{source,target,truth}.json for every pair and every variant."""
import importlib
import inspect
import os
import sys

from variants import VARIANTS, save


def made(function):
    yield from ((name, change(function().made(function.__name__))) for name, change in VARIANTS.items())
    names = inspect.signature(function).parameters
    if "F" in names:  # the feed-forward as wide as everything else
        yield "square", function(F=names["D"].default).made(function.__name__)
    if "depth" in names:
        yield "one_block", function(depth=1).made(function.__name__)
        yield "deep", function(depth=12).made(function.__name__)


if __name__ == "__main__":
    for half in sys.argv[2:] or ("develop", "second", "measure", "experts", "third"):
        for name, function in importlib.import_module(half).PAIRS.items():
            for variant, pair in made(function):
                if pair:
                    save(os.path.join(sys.argv[1], half, variant, name), pair)
