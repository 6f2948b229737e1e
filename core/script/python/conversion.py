#!/usr/bin/env python3
"""%%TITLE%%

    python3 convert.py INPUT OUTPUT%%OPTIONS%%

%%ABOUT%%
"""

from __future__ import annotations

import argparse
import ctypes
import json
import mmap
import os
import pickle
import re
import struct
import sys
#if steps
from collections.abc import Callable, Iterable, Iterator, Sequence
#else
from collections.abc import Iterable, Iterator, Sequence
#endif
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]
#if steps
Step = Callable[[list[torch.Tensor]], list[torch.Tensor]]
#endif


@dataclass(frozen=True)
class Rule:
    """The tensors under the source keys become those under the target keys.

    {i}, one letter, is a number; {leaf} a segment of a key or a part of one; {rest} one or more whole segments;
    {x:q|k} one of these words, paired in order with the words of the other side.%%PATTERN_NOTES%%
    """

    sources: str | Sequence[str]
    targets: str | Sequence[str]
#if steps
    steps: Sequence[Step] = ()
#endif
#if back
    back: Sequence[Step] = ()  # undoes the steps
#endif


#if drop
@dataclass(frozen=True)
class Drop:
    """Source keys that are not wanted."""

    sources: str | Sequence[str]
    reason: str


#endif
#if init
@dataclass(frozen=True)
class Init:
    """Target keys that no source fills: "keep" takes those of --target; "zeros", "ones" and "normal" are new."""

    targets: str | Sequence[str]
    how: str
    std: float = 0.02


#endif
#if steps
# Steps: each takes the list of tensors and gives the next one.


%%STEPS%%


#endif
RULES: list[%%RULE_TYPES%%] = [
%%RULES%%
]
%%KEYS%%

#if keys
def expanded(keys: dict[torch.dtype, list[str]]) -> dict[str, torch.dtype]:
    """Every key with its type: "a.{0..1}.{w,b}" are a.0.w, a.0.b, a.1.w and a.1.b."""

    def expand(text: str) -> list[str]:
        head, brace, tail = text.partition("{")
        if not brace:
            return [head]
        choices, _, tail = tail.partition("}")
        first, dots, last = choices.partition("..")
        names = range(int(first), int(last) + 1) if dots else choices.split(",")
        return [f"{head}{name}{rest}" for name in names for rest in expand(tail)]

    return {key: dtype for dtype, texts in keys.items() for text in texts for key in expand(text)}


#endif
# Keys

Values = dict[str, Any]  # of variables: numbers, texts, or positions in a list of words
Application = tuple[Values, list[str]]  # of a rule: with the source keys
NUMBER = r"(?:0|[1-9]\d*)(?!\d)"
SEGMENTS = r"(?<![^./]).+(?![^./])"


def listed(patterns: str | Sequence[str]) -> Sequence[str]:
    return [patterns] if isinstance(patterns, str) else patterns


class Pattern:
    """A key with variables. `words`: the lists of those that have one on either side of the rule."""

    def __init__(self, text: str, words: dict[str, list[str]]) -> None:
        self.parts = re.split(r"\{([^{}]+)\}", text)  # text, variable, text …
        self.words = {**words, **words_of([text])}
        self.names: set[str] = set()
        groups = [self.group(part.partition(":")[0]) if i % 2 else re.escape(part) for i, part in enumerate(self.parts)]
        self.expression = re.compile("".join(groups))

    def group(self, name: str) -> str:
#if sums
        if not name.isidentifier():
            self.names.update(terms(name)[0])
            return f"({NUMBER})"
#endif
        if name in self.names:
            return f"(?P={name})"
        self.names.add(name)
        kind = NUMBER if len(name) == 1 else SEGMENTS if re.fullmatch("rest[0-9]*", name) else "[^./]+"
        if name in self.words:
            kind = "|".join(map(re.escape, self.words[name]))
        return f"(?P<{name}>{kind})"

    def match(self, key: str) -> Values | None:
        found = self.expression.fullmatch(key)
        if not found:
            return None
        values: Values = {}
        for name, text in found.groupdict().items():
            if name in self.words:
                values[name] = self.words[name].index(text)
            else:
                values[name] = int(text) if len(name) == 1 else text
#if sums
        named = set(found.re.groupindex.values())
        numbers = [int(text) for i, text in enumerate(found.groups(), 1) if i not in named]
        sums = [part for part in self.parts[1::2] if not part.partition(":")[0].isidentifier()]
        for part, number in zip(sums, numbers):
            for name, value in solved(part, number).items():
                if name in self.words:
                    value = self.words[name].index(str(value)) if str(value) in self.words[name] else -1
                if values.setdefault(name, value) != value or value < 0:
                    return None
#endif
        return values

    def key(self, values: Values) -> str:
#if sums
        """Empty where a number would be negative."""
#endif
        key = ""
        for i, part in enumerate(self.parts):
            name = part.partition(":")[0]
            if i % 2 == 0:
                key += part
#if sums
            elif not name.isidentifier():
                factors, number = terms(part)
                for letter, factor in factors.items():
                    value = values[letter]
                    number += factor * (int(self.words[letter][value]) if letter in self.words else value)
                if number < 0:
                    return ""
                key += str(number)
#endif
            else:
                key += self.words[name][values[name]] if name in self.words else str(values[name])
        return key


#if sums
def terms(text: str) -> tuple[dict[str, int], int]:
    """'3*i+j+1' to ({'i': 3, 'j': 1}, 1)."""
    factors: dict[str, int] = {}
    constant = 0
    for sign, number, letter in re.findall(r"([+-]?)(\d*)\*?([A-Za-z]?)", text):
        if letter:
            factors[letter] = int(f"{sign}{number or 1}")
        elif number:
            constant += int(f"{sign}{number}")
    return factors, constant


def solved(text: str, number: int) -> Values:
    """The variables for which a sum gives this number (-1: there are none); of several the smaller ones are remainders."""
    factors, constant = terms(text)
    number -= constant
    values = {}
    for name, factor in sorted(factors.items(), key=lambda item: -item[1]):
        values[name] = number // factor
        number -= factor * values[name]
    return values if number == 0 else {name: -1 for name in values}


#endif
def words_of(texts: Iterable[str]) -> dict[str, list[str]]:
    found = [match for text in texts for match in re.findall(r"\{(\w+):([^{}]*)\}", text)]
    return {name: words.split("|") for name, words in reversed(found)}


def patterns(rule: Rule) -> tuple[list[Pattern], list[Pattern]]:
    words = words_of([*listed(rule.sources), *listed(rule.targets)])
    sources, targets = ([Pattern(text, words) for text in listed(side)] for side in (rule.sources, rule.targets))
    return sources, targets


#if joins
def applications(sources: list[Pattern], targets: list[Pattern], keys: Iterable[str]) -> list[Application]:
    """Every way to match all sources of a rule at once.

    A variable that no target has gathers the keys of all its values, in their order.
    """
    wanted = set().union(*(pattern.names for pattern in targets))
    rows: list[Application] = [({}, [])]
    bound: set[str] = set()
    for pattern in sources:
        old, new = sorted(pattern.names & bound), sorted(pattern.names & wanted - bound)
        own = sorted(pattern.names - wanted)
        found: dict[tuple, dict[tuple, list[tuple[list, str]]]] = {}
        for key in keys:
            values = pattern.match(key)
            if values is not None:
                fresh = found.setdefault(tuple(values[name] for name in old), {})
                gathered = fresh.setdefault(tuple(values[name] for name in new), [])
                gathered.append(([values[name] for name in own], key))
        rows = [
            ({**values, **dict(zip(new, fresh))}, [*earlier, *(key for _, key in sorted(gathered))])
            for values, earlier in rows
            for fresh, gathered in found.get(tuple(values[name] for name in old), {}).items()
        ]
        bound.update(new)
    return rows
#else
def applications(sources: list[Pattern], targets: list[Pattern], keys: Iterable[str]) -> list[Application]:
    """Every key that a rule's source matches."""
    return [(values, [key]) for pattern in sources for key in keys if (values := pattern.match(key)) is not None]
#endif


def target_keys(targets: list[Pattern], values: Values, count: int, known: dict[str, torch.dtype]) -> list[str]:
    """Where the `count` tensors of one application go; nowhere unless the target has all of these keys."""
#if scatter
    keys: list[str] = []
    for pattern in targets:
        free = sorted(pattern.names - set(values))
        if free and known:
            matching = [({**found, **values}, key) for key in known if (found := pattern.match(key)) is not None]
            matching = [(found, key) for found, key in matching if pattern.key(found) == key]
            keys += [key for _, key in sorted(([found[name] for name in free], key) for found, key in matching)]
            continue
        if free:
            keys += [pattern.key({**values, **dict.fromkeys(free, i)}) for i in range(count)]
            continue
        keys.append(pattern.key(values))
#else
    keys = [pattern.key(values) for pattern in targets]
#endif
    existing = [key for key in keys if key in known or (key and not known)]
    return existing if len(existing) == len(keys) or count == 1 else []


# Conversion


def convert(source: Tensors, rules: Sequence, known: dict[str, torch.dtype]) -> tuple[Tensors, set[str]]:
    """The target's tensors, and the source keys that were used or dropped. The first rule that fills a key wins."""
    result: Tensors = {}
    used: set[str] = set()
#if drop
    dropped: set[str] = set()
#endif
    for rule in rules:
#if drop
        if isinstance(rule, Drop):
            unwanted = [Pattern(text, {}) for text in listed(rule.sources)]
            dropped.update(key for key in source if any(pattern.match(key) is not None for pattern in unwanted))
            continue
#endif
#if init
        if isinstance(rule, Init):
            continue
#endif
        sources, targets = patterns(rule)
#if drop
        for values, keys in applications(sources, targets, [key for key in source if key not in dropped]):
#else
        for values, keys in applications(sources, targets, source):
#endif
            tensors = [source[key] for key in keys]
#if steps
            for step in rule.steps:
                tensors = step(tensors)
#endif
            names = target_keys(targets, values, len(tensors), known)
            if len(tensors) == 1:
                tensors = tensors * len(names)
            if names and len(tensors) != len(names):
                raise SystemExit(f"{keys}: {len(tensors)} tensors for {len(names)} keys {names}")
            for name, tensor in zip(names, tensors):
                result.setdefault(name, tensor)
            used.update(keys if names else ())
#if drop
    return result, used | dropped
#else
    return result, used
#endif


#if init
def initialise(result: Tensors, target: Tensors, known: Iterable[str]) -> None:
    """Adds the keys of the Init rules that nothing filled."""
    torch.manual_seed(0)
    for rule in RULES:
        patterns = [Pattern(text, {}) for text in listed(rule.targets)] if isinstance(rule, Init) else []
        for key in known:
            if key in result or all(pattern.match(key) is None for pattern in patterns):
                continue
            shape = target[key].shape if key in target else INIT_SHAPES.get(key)
            if rule.how == "keep" and key in target:
                result[key] = target[key]
            elif rule.how == "zeros" and shape is not None:
                result[key] = torch.zeros(shape)
            elif rule.how == "ones" and shape is not None:
                result[key] = torch.ones(shape)
            elif rule.how == "normal" and shape is not None:
                result[key] = torch.empty(shape).normal_(0, rule.std)


#endif
#if restore
def restore(result: Tensors, target: Tensors) -> None:
    """Adds the keys that Drop rules left out on the way there."""
    texts = [text for rule in RULES if isinstance(rule, Drop) for text in listed(rule.sources)]
    patterns = [Pattern(text, {}) for text in texts]
    for key, tensor in target.items():
        if key not in result and any(pattern.match(key) is not None for pattern in patterns):
            result[key] = tensor


#endif
#if swap
def reversed_rules() -> list[Rule]:
#if tied
    """Every rule the other way round. One tensor under several names: any of them brings it back."""
#else
    """Every rule the other way round."""
#endif
    turned = []
    for rule in RULES:
#if skip
        if isinstance(rule, %%SKIPPED%%):
            continue
#endif
#if tied
        if isinstance(rule.sources, str) and not isinstance(rule.targets, str)%%NO_STEPS%%:
            turned += [Rule(target, rule.sources) for target in rule.targets]
            continue
#endif
        turned.append(Rule(rule.targets, rule.sources%%SWAPPED_STEPS%%))
    return turned


#endif
%%FILES%%


def report(title: str, keys: Sequence[str], most: int = 40) -> None:
    print(f"{title}: {len(keys)}")
    for key in keys[:most]:
        print(f"  {key}")
    if len(keys) > most:
        print(f"  … and {len(keys) - most} more")


def main() -> int:
    parser = argparse.ArgumentParser(description="%%DESCRIPTION%%")
    add = parser.add_argument
    add("input", type=Path, help=".safetensors, .pth, .pt or .bin, the index of several, or a folder with one of these")
    add("output", type=Path, help="file to write: .safetensors, .pth, .pt or .bin")
    add("--target", type=Path, help="checkpoint of the target model: its keys, types, shapes, and values that it keeps")
    dtypes = ["float64", "float32", "float16", "bfloat16"]
    add("--dtype", choices=dtypes, help="for floating-point tensors; default: as in the target")
    add("--allow-missing", action="store_true", help="write the file even where target keys stay without value")
    add("--max-shard-gb", type=float, default=0, help="split the output into files of at most this size, with an index")
#if reverse
    add("--reverse", action="store_true", help="convert back")
#endif
    arguments = parser.parse_args()
    if arguments.output.resolve() in {path.resolve() for path in (arguments.input, arguments.target) if path}:
        parser.error("the output would overwrite an input")

    source = load(arguments.input)
    target = load(arguments.target) if arguments.target else {}
    known = {key: tensor.dtype for key, tensor in target.items()}
#if keys
    known = known or expanded(%%KNOWN_KEYS%%)
#endif
#if reverse
    result, used = convert(source, %%REVERSE_RULES%% if arguments.reverse else RULES, known)
#else
    result, used = convert(source, RULES, known)
#endif
#if restore
    if arguments.reverse:
        restore(result, target)
#endif
#if init
#if reverse
    if not arguments.reverse:
        initialise(result, target, known)
#else
    initialise(result, target, known)
#endif
#endif
    for key, tensor in result.items():
        if key in target and target[key].shape != tensor.shape:
            raise SystemExit(f"{key}: shape {tuple(tensor.shape)} arrives, {tuple(target[key].shape)} is expected")
        dtype = known.get(key, tensor.dtype)
        if arguments.dtype and dtype.is_floating_point:
            dtype = getattr(torch, arguments.dtype)
        result[key] = tensor.to(dtype)
    result = {key: result[key] for key in known or result if key in result}

    missing = [key for key in known if key not in result]
    report("missing keys (in the target, not filled)", missing)
    report("unexpected keys (in the source, not used)", [key for key in source if key not in used])
    if missing and not arguments.allow_missing:
        print("nothing written; --allow-missing writes the file without these keys", file=sys.stderr)
        return 1
    written = save(result, arguments.output, int(arguments.max_shard_gb * 1e9))
    print(f"{len(result)} tensors written to {', '.join(map(str, written))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
