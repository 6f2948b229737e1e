#!/usr/bin/env python3
"""%%TITLE%%

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
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import %%TYPES%%

import torch

try:
    import safetensors.torch as safetensors
except ImportError:  # the end of this file reads and writes the format as well
    safetensors = None

Tensors = Dict[str, torch.Tensor]
Patterns = Union[str, Sequence[str]]
#if steps
Step = Callable[[List[torch.Tensor]], List[torch.Tensor]]
#endif


@dataclass(frozen=True)
class Rule:
    """Tensors under the source keys become tensors under the target keys.

    {i}, one letter, is a number; {leaf} a segment of a key or a part of one; {rest} one or more whole segments;
    {x:q|k|v} one of these texts, paired by position with those of the other side.%%PATTERN_NOTES%%
    """

    sources: Patterns
    targets: Patterns
#if steps
    steps: Sequence[Step] = ()
#endif
#if back
    back: Sequence[Step] = ()
#endif


#if drop
@dataclass(frozen=True)
class Drop:
    """Source keys that are not wanted."""

    sources: Patterns
    reason: str


#endif
#if init
@dataclass(frozen=True)
class Init:
    """Target keys that no source fills: "keep" takes the values of --target, "zeros", "ones" and "normal" make new ones."""

    targets: Patterns
    how: str
    std: float = 0.02


#endif
#if helpers
# Steps: each takes the list of tensors and gives the next one.

%%HELPERS%%
#endif
RULES: List[%%RULE_TYPES%%] = [
%%RULES%%
]
%%KEYS%%

#if keys
def expand_braces(text: str) -> List[str]:
    """'a.{0..1}.{w,b}' to a.0.w, a.0.b, a.1.w, a.1.b."""
    head, brace, tail = text.partition("{")
    if not brace:
        return [head]
    choices, _, tail = tail.partition("}")
    first, dots, last = choices.partition("..")
    names = range(int(first), int(last) + 1) if dots else choices.split(",")
    return [f"{head}{name}{rest}" for name in names for rest in expand_braces(tail)]


def all_keys(keys: Dict[torch.dtype, List[str]]) -> Dict[str, torch.dtype]:
    return {key: dtype for dtype, texts in keys.items() for text in texts for key in expand_braces(text)}


#endif
# Patterns


def listed(patterns: Patterns) -> Sequence[str]:
    return [patterns] if isinstance(patterns, str) else patterns


#if sums
def parse_sum(text: str) -> Tuple[Dict[str, int], int]:
    """'3*i+j+1' to ({'i': 3, 'j': 1}, 1)."""
    factors: Dict[str, int] = {}
    constant = 0
    for sign, number, letter in re.findall(r"([+-]?)(\d*)\*?([A-Za-z]?)", text):
        if letter:
            factors[letter] = int(f"{sign}{number or 1}")
        elif number:
            constant += int(f"{sign}{number}")
    return factors, constant


def solve_sum(text: str, number: int) -> Optional[Dict[str, int]]:
    """The variables for which the sum gives this number; of several, the smaller ones are the remainder."""
    factors, constant = parse_sum(text)
    number -= constant
    values = {}
    for name, factor in sorted(factors.items(), key=lambda item: -item[1]):
        values[name], number = (number // factor, number % factor) if factor > 0 else (-number // -factor, -number % -factor)
        if values[name] < 0:
            return None
    return None if number else values


#endif
@lru_cache(maxsize=None)
def compiled(pattern: str) -> Tuple[List[str], "re.Pattern[str]", Dict[str, List[str]]]:
    """Parts of a pattern (text, variable, text …), its regular expression, and the alternatives of its variables."""
    parts = re.split(r"\{([^{}]+)\}", pattern)
    choices: Dict[str, List[str]] = {}
    expression = ""
    names = set()
    for index, part in enumerate(parts):
        name, colon, alternatives = part.partition(":")
        if index % 2 == 0:
            expression += re.escape(part)
            continue
        if colon:
            choices[name] = alternatives.split("|")
            kind = "|".join(map(re.escape, choices[name]))
#if sums
        elif not name.isidentifier():
            name, kind = f"_{index}", r"(?:0|[1-9]\d*)(?!\d)"
#endif
        elif len(name) == 1:
            kind = r"(?:0|[1-9]\d*)(?!\d)"
        elif re.fullmatch(r"rest\d*", name):
            kind = r"(?<![^./]).+(?![^./])"
        else:
            kind = r"[^./]+"
        expression += f"(?P={name})" if name in names else f"(?P<{name}>{kind})"
        names.add(name)
    return parts, re.compile(expression), choices


Values = Dict[str, Union[int, str]]  # a variable with alternatives has the position among them


def matches(pattern: str, keys: Iterable[str], choices: Dict[str, List[str]]) -> Iterator[Tuple[Values, str]]:
    """Keys that the pattern matches, with the values of its variables. `choices`: alternatives in the whole rule."""
    parts, expression, own = compiled(pattern)
    for key in keys:
        found = expression.fullmatch(key)
        if not found:
            continue
        values: Values = {}
        fits = True
        for name, text in found.groupdict().items():
#if sums
            if name.startswith("_"):
                solved = solve_sum(parts[int(name[1:])], int(text))
                fits = fits and solved is not None and all(values.get(n, v) == v for n, v in solved.items())
                values.update(solved or {})
                continue
#endif
            alternatives = own.get(name) or choices.get(name)
            if alternatives is not None:
                fits = fits and text in alternatives
                value: Union[int, str] = alternatives.index(text) if text in alternatives else -1
            else:
                value = int(text) if len(name) == 1 else text
            fits = fits and values.get(name, value) == value
            values[name] = value
        if fits:
            yield values, key


def expand(pattern: str, values: Values, choices: Dict[str, List[str]]) -> Optional[str]:
    """The key for these values; nothing where a number would be negative."""
    parts, _, own = compiled(pattern)
    key = ""
    for index, part in enumerate(parts):
        name = part.partition(":")[0]
        if index % 2 == 0:
            key += part
#if sums
        elif not name.isidentifier():
            factors, number = parse_sum(part)
            for letter, factor in factors.items():
                number += factor * int(choices[letter][values[letter]] if letter in choices else values[letter])
            if number < 0:
                return None
            key += str(number)
#endif
        else:
            alternatives = own.get(name) or choices.get(name)
            key += str(values[name] if alternatives is None else alternatives[int(values[name])])
    return key


def variables(patterns: Patterns) -> set:
    names = set()
    for pattern in listed(patterns):
        for part in compiled(pattern)[0][1::2]:
            name = part.partition(":")[0]
#if sums
            names.update([name] if name.isidentifier() else parse_sum(name)[0])
#endif
#if plain
            names.add(name)
#endif
    return names


def alternatives_of(rule: Rule) -> Dict[str, List[str]]:
    choices: Dict[str, List[str]] = {}
    for pattern in [*listed(rule.sources), *listed(rule.targets)]:
        for name, alternatives in compiled(pattern)[2].items():
            choices.setdefault(name, alternatives)
    return choices


def applications(rule: Rule, keys: Iterable[str]) -> List[Tuple[Values, List[str]]]:
    """Every way to apply a rule: its source patterns joined on the variables that the targets have, too."""
    shared, choices = variables(rule.targets), alternatives_of(rule)
    joined: List[Tuple[Values, List[str]]] = [({}, [])]
    for pattern in listed(rule.sources):
        groups: Dict[tuple, list] = {}
        for values, key in matches(pattern, keys, choices):
            common = tuple((name, value) for name, value in values.items() if name in shared)
            gathered = [value for name, value in values.items() if name not in shared]
            groups.setdefault(common, []).append((gathered, key))
        joined = [
            ({**values, **dict(common)}, [*sources, *(key for _, key in sorted(rows))])
            for values, sources in joined
            for common, rows in groups.items()
            if all(values.get(name, value) == value for name, value in common)
        ]
    return joined


def target_keys(rule: Rule, values: Values, count: int, known: Optional[Iterable[str]]) -> List[str]:
    """The target keys of one application that gives `count` tensors; empty when some of them do not exist."""
    choices = alternatives_of(rule)
    targets: List[Optional[str]] = []
    for pattern in listed(rule.targets):
#if scatter
        open_names = variables(pattern) - set(values)
        if open_names and known is not None:
            found = [(v, key) for v, key in matches(pattern, known, choices) if all(values.get(n, x) == x for n, x in v.items())]
            targets += [key for _, key in sorted(([x for n, x in v.items() if n in open_names], key) for v, key in found)]
            continue
        if open_names:
            targets += [expand(pattern, {**values, **{name: i for name in open_names}}, choices) for i in range(count)]
            continue
#endif
        targets.append(expand(pattern, values, choices))
    existing = [key for key in targets if key is not None and (known is None or key in known)]
    tied = count == 1 and len(targets) > 1
    return existing if tied or len(existing) == len(targets) else []


# Conversion


def convert(source: Tensors, rules: Sequence, known: Optional[Dict[str, torch.dtype]]) -> Tuple[Tensors, set]:
    """The target's tensors, and the source keys that were used or dropped. The first rule that fills a key wins."""
    result: Tensors = {}
    used: set = set()
    dropped: set = set()
    for rule in rules:
#if drop
        if isinstance(rule, Drop):
            for pattern in listed(rule.sources):
                dropped.update(key for _, key in matches(pattern, source, {}))
            continue
#endif
#if init
        if isinstance(rule, Init):
            continue
#endif
        keys = [key for key in source if key not in dropped]
        for values, sources in applications(rule, keys):
            tensors = [source[key] for key in sources]
#if steps
            for step in rule.steps:
                tensors = step(tensors)
#endif
            targets = target_keys(rule, values, len(tensors), known)
            if not targets:
                continue
            if len(tensors) == 1:
                tensors = tensors * len(targets)
            if len(tensors) != len(targets):
                raise SystemExit(f"{sources}: {len(tensors)} tensors for {len(targets)} keys {targets}")
            for key, tensor in zip(targets, tensors):
                result.setdefault(key, tensor)
            used.update(sources)
    return result, used | dropped


#if init
def initialise(result: Tensors, target: Tensors, known: Dict[str, torch.dtype]) -> None:
    """Adds the keys of the Init rules that nothing filled."""
    torch.manual_seed(0)
    for rule in RULES:
        if not isinstance(rule, Init):
            continue
        for pattern in listed(rule.targets):
            for _, key in matches(pattern, known, {}):
                if key in result:
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
#if swap
def reversed_rules() -> list:
    """Every rule the other way round. One source for several targets: any of these brings it back."""
    turned = []
    for rule in RULES:
#if init
        if isinstance(rule, Init):
            continue
#endif
        sources, targets = listed(rule.sources), listed(rule.targets)
#if tied
        if len(sources) == 1 and len(targets) > 1%%NO_STEPS%%:
            turned += [Rule(target, sources) for target in targets]
            continue
#endif
        turned.append(Rule(targets, sources%%SWAPPED_STEPS%%))
    return turned


#endif
# Files


def state_dict_of(content: object) -> Tensors:
    """The tensors of a loaded checkpoint: of all its dictionaries the one whose keys the rules know best."""
    candidates: List[Tensors] = []

    def flatten(value: object, prefix: str, tensors: Tensors) -> None:
        for key, item in value.items():
            if isinstance(item, torch.Tensor):
                tensors[f"{prefix}{key}"] = item.detach()
            elif isinstance(item, dict):
                flatten(item, f"{prefix}{key}.", tensors)

    def visit(value: object) -> None:
        if isinstance(value, dict):
            tensors: Tensors = {}
            flatten(value, "", tensors)
            candidates.append(tensors)
            for item in value.values():
                visit(item)

    visit(content)
    patterns = [pattern for rule in RULES for side in ("sources", "targets") for pattern in listed(getattr(rule, side, ()))]

    def known(tensors: Tensors) -> int:
        return sum(any(compiled(pattern)[1].fullmatch(key) for pattern in patterns) for key in tensors)

    if not candidates:
        raise SystemExit("the file holds no dictionary of tensors")
    return max(candidates, key=known)


def load_torch(path: Path) -> Tensors:
    try:
        return state_dict_of(torch.load(path, map_location="cpu", weights_only=True))
    except TypeError:  # before PyTorch 1.13
        raise SystemExit(f"{path}: this PyTorch cannot read pickles safely; use 1.13 or later, or a safetensors file") from None
    except pickle.UnpicklingError as error:
        raise SystemExit(f"{path}: holds more than tensors, and reading it could run code ({error}); save its state_dict alone first") from None


def load(path: Path) -> Tensors:
    """All tensors of a .pth, .pt, .bin or .safetensors file, of a shard index, or of a folder that holds one of these."""
    if not path.exists():
        raise SystemExit(f"{path}: no such file")
    if path.is_dir():
        names = ["model.safetensors.index.json", "pytorch_model.bin.index.json", "model.safetensors", "pytorch_model.bin"]
        found = [path / name for name in names if (path / name).exists()] or sorted(path.glob("*.safetensors"))
        if not found:
            raise SystemExit(f"{path}: no checkpoint in this folder")
        return load(found[0])
    if path.suffix == ".json":
        shards = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
        tensors: Tensors = {}
        for shard in shards:
            tensors.update(load(path.parent / shard))
        return tensors
    if path.suffix == ".safetensors":
        return safetensors.load_file(path) if safetensors else read_safetensors(path)
    return load_torch(path)


def save(tensors: Tensors, path: Path, shard_bytes: int) -> List[Path]:
    """Writes beside the destination and renames. Tied tensors are stored as often as they have names."""
    tensors = {key: tensor.contiguous() for key, tensor in tensors.items()}
    if path.suffix != ".safetensors":
        save_one(tensors, path)
        return [path]
    shards: List[Tensors] = [{}]
    size = 0
    for key, tensor in tensors.items():
        nbytes = tensor.numel() * tensor.element_size()
        if shard_bytes and shards[-1] and size + nbytes > shard_bytes:
            shards.append({})
            size = 0
        shards[-1][key] = tensor
        size += nbytes
    if len(shards) == 1:
        save_one(tensors, path)
        return [path]
    names = [f"{path.stem}-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for name, shard in zip(names, shards):
        save_one(shard, path.parent / name)
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": {key: name for name, shard in zip(names, shards) for key in shard}}
    index_path = path.parent / f"{path.name}.index.json"
    index_path.write_text(json.dumps(index, indent=1, sort_keys=True), encoding="utf-8")
    return [*(path.parent / name for name in names), index_path]


def save_one(tensors: Tensors, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    try:
        if path.suffix != ".safetensors":
            torch.save(tensors, part)
        elif safetensors:
            safetensors.save_file({key: tensor.clone() for key, tensor in tensors.items()}, part, metadata={"format": "pt"})
        else:
            write_safetensors(tensors, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


# safetensors: eight bytes with the length of a JSON header, the header, the bytes of all tensors.

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool, "C64": torch.complex64,
}  # fmt: skip


def read_safetensors(path: Path) -> Tensors:
    tensors: Tensors = {}
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    (length,) = struct.unpack_from("<Q", content)
    for key, entry in json.loads(content[8 : 8 + length]).items():
        if key == "__metadata__":
            continue
        if entry["dtype"] not in DTYPES:
            raise SystemExit(f"{path}: {key}: type {entry['dtype']} needs the safetensors package")
        dtype = DTYPES[entry["dtype"]]
        begin, end = entry["data_offsets"]
        if begin == end:
            tensors[key] = torch.empty(entry["shape"], dtype=dtype)
        else:
            data = torch.frombuffer(content, dtype=torch.uint8, offset=8 + length + begin, count=end - begin)
            aligned = data.data_ptr() % torch.empty(0, dtype=dtype).element_size() == 0
            tensors[key] = (data if aligned else data.clone()).view(dtype).reshape(entry["shape"])
    return tensors


def write_safetensors(tensors: Tensors, path: Path) -> None:
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: Dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for key, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[key] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()))


def report(title: str, keys: Sequence[str], most: int = 40) -> None:
    print(f"{title}: {len(keys)}")
    for key in keys[:most]:
        print(f"  {key}")
    if len(keys) > most:
        print(f"  … and {len(keys) - most} more")


def main() -> int:
    parser = argparse.ArgumentParser(description="%%DESCRIPTION%%")
    parser.add_argument("input", type=Path, help="checkpoint to convert: .pth, .pt, .bin, .safetensors, a shard index, or a folder")
    parser.add_argument("output", type=Path, help="file to write: .safetensors, .pth, .pt or .bin")
    parser.add_argument("--target", type=Path, help="checkpoint of the target model: its keys, types and shapes count, and the values that it keeps")
    parser.add_argument("--dtype", choices=["float64", "float32", "float16", "bfloat16"], help="for floating-point tensors; default: as in the target")
    parser.add_argument("--allow-missing", action="store_true", help="write the file even where target keys stay without value")
    parser.add_argument("--max-shard-gb", type=float, default=0, help="split a .safetensors output into files of at most this size")
#if reverse
    parser.add_argument("--reverse", action="store_true", help="convert back")
#endif
    arguments = parser.parse_args()
    if arguments.output.resolve() in {path.resolve() for path in (arguments.input, arguments.target) if path}:
        parser.error("the output would overwrite an input")

    source = load(arguments.input)
    target = load(arguments.target) if arguments.target else {}
    known: Optional[Dict[str, torch.dtype]] = {key: tensor.dtype for key, tensor in target.items()} or None
    rules: Sequence = RULES
#if keys
    known = known or all_keys(%%KNOWN_KEYS%%)
#endif
#if reverse
    if arguments.reverse:
        rules = %%REVERSE_RULES%%
#endif
    result, used = convert(source, rules, known)
#if init
    if known is not None%%INIT_CONDITION%%:
        initialise(result, target, known)
#endif
    for key, tensor in result.items():
        if key in target and target[key].shape != tensor.shape:
            raise SystemExit(f"{key}: shape {tuple(tensor.shape)} arrives, {tuple(target[key].shape)} is expected")
        dtype = known[key] if known is not None else tensor.dtype
        if arguments.dtype and dtype.is_floating_point:
            dtype = getattr(torch, arguments.dtype)
        result[key] = tensor.to(dtype)
    result = {key: result[key] for key in (known or result) if key in result}

    missing = [key for key in known or () if key not in result]
    unexpected = [key for key in source if key not in used]
    report("missing keys (in the target, not filled)", missing)
    report("unexpected keys (in the source, not used)", unexpected)
    if missing and not arguments.allow_missing:
        print("nothing written; --allow-missing writes the file without these keys", file=sys.stderr)
        return 1
    written = save(result, arguments.output, int(arguments.max_shard_gb * 1e9))
    print(f"{len(result)} tensors written to {', '.join(map(str, written))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
