#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stress variants of a pair: what files in the wild look like after somebody saved them.

A pair is (source, target, truth) as in ../bench: lists of keys with shapes, and for each target key where it comes from.
Every variant keeps the truth exact. variants.py IN OUT [NAMES...] writes OUT/VARIANT/PAIR/ for every pair below IN.
"""
import copy
import json
import os
import sys


def rename(pair, source=lambda k: k, target=lambda k: k):
    s, t, truth = copy.deepcopy(pair)
    for side, change in ((s, source), (t, target)):
        for x in side["tensors"]:
            x["key"] = change(x["key"])
    for p in truth["pairs"]:
        p["target"] = target(p["target"])
        p["sources"] = [source(k) for k in p["sources"]]
        p["alternatives"] = [[source(k) for k in a] for a in p.get("alternatives", [])]
        for a in p.get("accept", []):
            a["sources"] = [source(k) for k in a["sources"]]
    truth["target_unfilled"] = [target(k) for k in truth["target_unfilled"]]
    truth["source_unused"] = [source(k) for k in truth["source_unused"]]
    return s, t, truth


def by_name(pair, sides):
    s, t, truth = copy.deepcopy(pair)
    for side in sides:
        (s if side == "s" else t)["tensors"].sort(key=lambda x: x["key"])
    return s, t, truth


def keep(pair, sources, targets):
    """Only these keys; a target that loses a source is unfilled."""
    s, t, truth = copy.deepcopy(pair)
    s["tensors"] = [x for x in s["tensors"] if sources(x["key"])]
    t["tensors"] = [x for x in t["tensors"] if targets(x["key"])]
    there, wanted = {x["key"] for x in s["tensors"]}, {x["key"] for x in t["tensors"]}
    pairs = []
    for p in truth["pairs"]:
        if p["target"] not in wanted:
            continue
        p["alternatives"] = [a for a in p.get("alternatives", []) if set(a) <= there]
        if not set(p["sources"]) <= there:
            if not p["alternatives"]:
                continue
            p["sources"] = p["alternatives"].pop()
        p["accept"] = [a for a in p.get("accept", []) if set(a["sources"]) <= there]
        pairs.append(p)
    truth["pairs"] = pairs
    used = {k for p in pairs for k in p["sources"]} | {k for p in pairs for a in p["alternatives"] for k in a}
    filled = {p["target"] for p in pairs}
    truth["target_unfilled"] = [x["key"] for x in t["tensors"] if x["key"] not in filled]
    truth["source_unused"] = [x["key"] for x in s["tensors"] if x["key"] not in used]
    return s, t, truth


def without_head(pair):
    """The source's last top module is not in the file."""
    s = pair[0]
    depth = 0
    while True:
        tops = []
        for x in s["tensors"]:
            top = ".".join(x["key"].replace("/", ".").split(".")[:depth + 1])
            if top not in tops:
                tops.append(top)
        if len(tops) > 1 or depth > 6:
            break
        depth += 1
    sizes = {}
    for x in s["tensors"]:
        top = ".".join(x["key"].replace("/", ".").split(".")[:depth + 1])
        sizes[top] = sizes.get(top, 0) + 1
    small = [top for top in tops if sizes[top] * 10 < len(s["tensors"])]
    if not small:
        return None
    return keep(pair, lambda k: ".".join(k.replace("/", ".").split(".")[:depth + 1]) != small[-1], lambda k: True)


def with_average(pair):
    """The source file holds a running copy of all weights as well."""
    s, t, truth = copy.deepcopy(pair)
    twin = [dict(x, key="model_ema." + x["key"]) for x in s["tensors"]]
    s["tensors"] = [dict(x, key="model." + x["key"]) for x in s["tensors"]]
    truth["pairs"] = rename(pair, source=lambda k: "model." + k)[2]["pairs"]
    truth["source_unused"] = ["model." + k for k in truth["source_unused"]] + [x["key"] for x in twin]
    s["tensors"] += twin
    return s, t, truth


def with_strangers(pair):
    """A perceptual loss and a discriminator in the source file, as in checkpoints of autoencoders."""
    s, t, truth = copy.deepcopy(pair)
    extra, inner = [], 3
    for n, width in ((0, 64), (2, 64), (5, 128), (7, 128), (10, 256), (12, 256), (14, 256)):
        extra.append((f"loss.perceptual.net.slice.{n}.weight", [width, inner, 3, 3]))
        extra.append((f"loss.perceptual.net.slice.{n}.bias", [width]))
        inner = width
    inner = 3
    for n, width in ((0, 64), (2, 128), (5, 256), (8, 512), (11, 1)):
        extra.append((f"loss.discriminator.main.{n}.weight", [width, inner, 4, 4]))
        extra.append((f"loss.discriminator.main.{n + 1}.bias", [width]))
        inner = width
    s["tensors"] += [{"key": k, "shape": shape, "dtype": "F32"} for k, shape in extra]
    truth["source_unused"] += [k for k, _ in extra]
    return s, t, truth


def add(prefix):
    return lambda key: prefix + key


VARIANTS = {
    "plain": lambda p: p,
    "source_by_name": lambda p: by_name(p, "s"),
    "target_by_name": lambda p: by_name(p, "t"),
    "both_by_name": lambda p: by_name(p, "st"),
    "wrapped": lambda p: rename(p, add("module."), add("_orig_mod.model.")),
    "nested": lambda p: by_name(rename(p, add("state.backbone.0.body."), add("net.encoder.")), "s"),
    "headless": without_head,
    "average": with_average,
    "strangers": with_strangers,
}


def load(folder):
    return tuple(json.load(open(os.path.join(folder, f + ".json"), encoding="utf-8")) for f in ("source", "target", "truth"))


def save(folder, pair):
    os.makedirs(folder, exist_ok=True)
    for name, content in zip(("source", "target", "truth"), pair):
        with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(content, f)


if __name__ == "__main__":
    for name in sorted(os.listdir(sys.argv[1])):
        pair = load(os.path.join(sys.argv[1], name))
        for variant, change in VARIANTS.items():
            if len(sys.argv) > 3 and variant not in sys.argv[3:]:
                continue
            made = change(pair)
            if made:
                save(os.path.join(sys.argv[2], variant, name), made)
