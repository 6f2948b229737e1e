# SPDX-License-Identifier: GPL-3.0-or-later
"""What transformers 5 does with a list of weight conversions while it loads a checkpoint, as far as exported lists use it.

Stands in for transformers.core_model_loading (which Debian does not have). Facts from that file: each key goes through all
renamings in order, each replacing the first thing that its pattern finds; then the first converter with a source pattern that is
found takes the key ('.*.' is a glob); what its operations return is put in the place of the first target pattern.
"""
import re
import sys
import types

import torch


class WeightRenaming:
    def __init__(self, source_patterns, target_patterns):
        self.sources = [source_patterns] if isinstance(source_patterns, str) else source_patterns
        self.targets = [target_patterns] if isinstance(target_patterns, str) else target_patterns

    def rename(self, key):
        for source in self.sources:
            found = re.search(source.replace(".*.", r"\..*\."), key)
            if found:
                piece = re.sub(r"\\(\d+)", lambda m: found.group(int(m.group(1))), self.targets[0])
                return key.replace(found.group(0), piece, 1), source
        return key, None


class WeightConverter(WeightRenaming):
    def __init__(self, source_patterns, target_patterns, operations):
        super().__init__(source_patterns, target_patterns)
        assert len(self.sources) == 1 or len(self.targets) == 1, "many to many is refused"
        assert not any(set(target) & set("\\()[]^$") for target in self.targets), "a target pattern is looked for as it is"
        (self.operation,) = operations


class Concatenate:
    def __init__(self, dim=0):
        self.dim = dim

    def convert(self, tensors, converter):
        return {converter.targets[0]: torch.cat([tensor for source in converter.sources for tensor in tensors[source]], self.dim)}


class Chunk(Concatenate):
    def convert(self, tensors, converter):
        ((tensor,),) = tensors.values()
        return dict(zip(converter.targets, tensor.chunk(len(converter.targets), self.dim)))


class MergeModulelist(Concatenate):
    def convert(self, tensors, converter):
        (parts,) = tensors.values()
        return {converter.targets[0]: torch.stack(parts, self.dim)}


class SplitModulelist(Concatenate):
    def convert(self, tensors, converter):
        ((tensor,),) = tensors.values()
        return {converter.targets[0].replace("*", str(i)): part.squeeze() for i, part in enumerate(tensor.chunk(tensor.shape[self.dim], self.dim))}


class Transpose:
    def __init__(self, dim0=0, dim1=1):
        self.dims = (dim0, dim1)

    def convert(self, tensors, converter):
        ((tensor,),) = tensors.values()
        return {converter.targets[0]: tensor.transpose(*self.dims)}


def natural(key):
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in key.split(".")]


def load(conversions, state):
    renamings = [each for each in conversions if not isinstance(each, WeightConverter)]
    converters = [each for each in conversions if isinstance(each, WeightConverter)]
    result, collected = {}, {}
    for key in sorted(state, key=natural):
        name = key
        for renaming in renamings:
            name, _ = renaming.rename(name)
        for converter in converters:
            renamed, source = converter.rename(name)
            if source is not None:
                collected.setdefault((renamed, converter), {}).setdefault(source, []).append(state[key])
                break
        else:
            result[name] = state[key]
    for (name, converter), tensors in collected.items():
        made = converter.operation.convert(tensors, converter)
        full = name.replace(".*.", ".0.")
        before, after = next((full.partition(piece)[0], full.partition(piece)[2]) for piece in made if piece in full)
        result.update({before + piece + after: tensor for piece, tensor in made.items()})
    return result


def install():
    """So that exported files find what they import."""
    package, module = types.ModuleType("transformers"), types.ModuleType("transformers.core_model_loading")
    for each in (WeightRenaming, WeightConverter, Concatenate, Chunk, MergeModulelist, SplitModulelist, Transpose):
        setattr(module, each.__name__, each)
    package.core_model_loading = module
    sys.modules["transformers"], sys.modules["transformers.core_model_loading"] = package, module
