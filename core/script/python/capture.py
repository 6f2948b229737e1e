#!/usr/bin/env python3
"""Records what a PyTorch module computes: its inputs, every layer's result and its outputs, in one safetensors file.

Two such files, of an original and of a converted model fed the same inputs, show where their computations part:

    rekey parity --activations original.safetensors converted.safetensors --mapping M.rekey.json

From the command line, with a function that makes the module, or a TorchScript file:

    python3 capture.py package.module:make -o original.safetensors --weights original.pth --input x=1,3,224,224 --seed 0
    python3 capture.py package.module:make -o converted.safetensors --weights converted.pth --inputs original.safetensors
    python3 capture.py module.pt -o outputs.safetensors --input 1,3,224,224

Making a module runs its Python code, and opening TorchScript or a pickle can run code as well: use files you trust.

From Python, for modules and inputs that need more than that:

    from capture import capture
    capture(model, "original.safetensors", pixels, mask=mask)

Only torch is needed. Names in the file: "input" or "input.NAME" for what goes in, "output" for what comes out, and the module's
qualified name for each layer ("encoder.layers.0.attn"). A layer that gives several tensors has them as "NAME.0", "NAME.1" or
"NAME.KEY"; the second call of a shared module is "NAME#2". Results are written in their own dtype, in the order of computing.
Metadata "weight:KEY" tells dtype, shape and SHA-256 of each weight, so that equal weights are known without the checkpoints.
"""
import argparse
import contextlib
import ctypes
import fnmatch
import hashlib
import importlib
import json
import os
import shutil
import struct
import sys
import tempfile

import torch

DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
    torch.complex64: "C64",
}


def raw_bytes(tensor):
    """The values of a contiguous tensor in memory, row-major; safetensors is little-endian, as are all machines torch runs on."""
    return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size()) if tensor.numel() else b""


def plain(tensor):
    """On the processor, contiguous, of a dtype that safetensors has."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.dtype not in DTYPES:
        tensor = tensor.to(torch.complex64 if tensor.is_complex() else torch.float32)
    tensor = tensor.cpu()
    for resolve in ("resolve_conj", "resolve_neg"):
        tensor = getattr(tensor, resolve, lambda same=tensor: same)()
    return tensor.contiguous()


class Writer:
    """Writes safetensors as values come: they wait in a file beside the destination, so that memory does not grow with depth."""

    def __init__(self, path, largest=0):
        self.path, self.largest = path, largest
        self.header, self.metadata, self.size = {}, {"format": "pt", "rekey.capture": "1"}, 0
        folder = os.path.dirname(os.path.abspath(path))
        self.data = tempfile.TemporaryFile(dir=folder)

    def add(self, name, tensor, whole=False):
        tensor = plain(tensor)
        if self.largest and not whole and tensor.numel() > self.largest:
            step = -(-tensor.numel() // self.largest)
            self.metadata["subsample:" + name] = f"every {step}th value of {list(tensor.shape)}"
            tensor = tensor.flatten()[::step].contiguous()
        data = raw_bytes(tensor)
        self.header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [self.size, self.size + len(data)]}
        self.size += len(data)
        self.data.write(data)

    def finish(self):
        text = json.dumps({"__metadata__": self.metadata, **self.header}, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        handle, part = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(self.path)), suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(struct.pack("<Q", len(text)) + text)
                self.data.seek(0)
                shutil.copyfileobj(self.data, out, 1 << 20)
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(part, 0o666 & ~mask)
            os.replace(part, self.path)
        except BaseException:
            os.unlink(part)
            raise
        finally:
            self.data.close()


def tensors_in(value, name):
    """All tensors in nested tuples, lists, dictionaries and dictionary-like results, with names. A lone one keeps the name as it is."""
    if isinstance(value, torch.Tensor):
        return [(name, value)]
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if hasattr(value, "items"):
        parts = list(value.items())
    elif isinstance(value, (tuple, list)):
        parts = list(enumerate(value))
    elif hasattr(value, "__dataclass_fields__"):
        parts = [(field, getattr(value, field)) for field in value.__dataclass_fields__]
    else:
        return []
    found = [(key, part) for key, part in parts if tensors_in(part, name)]
    if len(found) == 1:
        return tensors_in(found[0][1], name)
    return [one for key, part in found for one in tensors_in(part, f"{name}.{key}")]


def describe_weights(module, metadata, digests):
    for key, tensor in module.state_dict(keep_vars=True).items():
        if not isinstance(tensor, torch.Tensor):
            continue
        tensor = plain(tensor)
        text = f"{DTYPES[tensor.dtype]} {list(tensor.shape)}"
        if digests:
            text += " sha256:" + hashlib.sha256(raw_bytes(tensor)).hexdigest()
        metadata["weight:" + key] = text


@contextlib.contextmanager
def layers_called(module):
    """Torch runs some modules (nn.TransformerEncoderLayer, nn.MultiheadAttention) in one go without calling the layers inside them."""
    backend = getattr(torch.backends, "mha", None)
    fused = any(isinstance(part, (torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer)) for part in module.modules())
    if fused and backend is not None and hasattr(backend, "set_fastpath_enabled"):
        before = backend.get_fastpath_enabled()
        backend.set_fastpath_enabled(False)
        try:
            with torch.no_grad():
                yield
        finally:
            backend.set_fastpath_enabled(before)
    elif fused:
        # Older versions do so only where no gradients are asked for.
        with torch.enable_grad():
            yield
    else:
        with torch.no_grad():
            yield


def capture(module, path, *args, match=None, largest=0, digests=True, **kwargs):
    """Calls the module and writes what went in, through and out to `path`. Returns the module's result.

    match: only layers whose names fit this pattern ("*.attn"). largest: of results with more values than this, every nth one.
    digests: with the SHA-256 of each weight, about a second a gigabyte."""
    writer = Writer(path, largest)
    calls, hooks = {}, []

    def record(name):
        def hook(_, __, result):
            calls[name] = calls.get(name, 0) + 1
            label = name if calls[name] == 1 else f"{name}#{calls[name]}"
            for part, tensor in tensors_in(result, label):
                writer.add(part, tensor)
        return hook

    describe_weights(module, writer.metadata, digests)
    inputs = [(f"input.{i}" if len(args) > 1 or kwargs else "input", value) for i, value in enumerate(args)]
    for name, value in inputs + [(f"input.{name}", value) for name, value in kwargs.items()]:
        for part, tensor in tensors_in(value, name):
            writer.add(part, tensor, whole=True)
    training = module.training
    module.eval()
    try:
        if isinstance(module, torch.jit.ScriptModule):
            print("capture: layers inside TorchScript cannot be observed; its inputs and outputs are written.", file=sys.stderr)
        else:
            for name, layer in module.named_modules():
                if name and (match is None or fnmatch.fnmatchcase(name, match)):
                    hooks.append(layer.register_forward_hook(record(name)))
        with layers_called(module):
            result = module(*args, **kwargs)
    finally:
        for hook in hooks:
            hook.remove()
        module.train(training)
    for part, tensor in tensors_in(result, "output"):
        writer.add(part, tensor)
    writer.finish()
    return result


def read_safetensors(path):
    """All tensors of a file, in its order."""
    types = {name: dtype for dtype, name in DTYPES.items()}
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            file.seek(8 + size + begin)
            if entry["dtype"] not in types:
                raise SystemExit(f"{path}: {name}: the dtype {entry['dtype']} is not known here")
            data = bytearray(file.read(end - begin))
            values = torch.frombuffer(data, dtype=types[entry["dtype"]]) if data else torch.empty(0, dtype=types[entry["dtype"]])
            tensors[name] = values.reshape(entry["shape"])
    return tensors


def state_dict_of(path):
    if path.endswith(".safetensors"):
        return read_safetensors(path)
    loaded = torch.load(path, map_location="cpu")
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    return loaded.state_dict() if isinstance(loaded, torch.nn.Module) else loaded


def make_module(text, weights):
    if os.path.isfile(text):
        module = torch.jit.load(text, map_location="cpu")
    else:
        place, _, name = text.partition(":")
        if not name:
            raise SystemExit(f"'{text}' is no file and no package.module:function")
        sys.path.insert(0, os.getcwd())
        module = importlib.import_module(place)
        for part in name.split("."):
            module = getattr(module, part)
        if not isinstance(module, torch.nn.Module):
            module = module()
    if weights:
        module.load_state_dict(state_dict_of(weights))
    return module


def random_input(text):
    """"NAME=1,3,224,224" or "1,3,224,224"; ":i64" behind it for whole numbers from 0 to 99."""
    name, equals, sizes = text.rpartition("=")
    sizes, _, kind = sizes.partition(":")
    try:
        shape = [int(size) for size in sizes.split(",")]
    except ValueError:
        raise SystemExit(f"--input {text}: NAME=1,3,224,224 was expected") from None
    return name if equals else "", torch.randint(0, 100, shape) if kind in ("i64", "int") else torch.randn(shape)


def arguments_of(options):
    """Positional and named arguments; a captured file's own inputs are used again."""
    positional, named = [], {}
    torch.manual_seed(options.seed)
    for text in options.input:
        name, tensor = random_input(text)
        if name:
            named[name] = tensor
        else:
            positional.append(tensor)
    if options.inputs:
        for name, tensor in read_safetensors(options.inputs).items():
            first, _, rest = name.partition(".")
            if first != "input":
                continue
            if rest == "" or rest.isdigit():
                positional.append(tensor)
            else:
                named[rest] = tensor
    if not positional and not named:
        raise SystemExit("there is nothing to feed the module: --input NAME=SHAPE or --inputs FILE")
    return positional, named


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog="'rekey parity --activations A B' compares two such files.")
    parser.add_argument("module", help="package.module:function that makes the module (or the module itself), or a TorchScript file")
    parser.add_argument("-o", "--output", required=True, help="safetensors file to write")
    parser.add_argument("--weights", help="state dict to load first: .pth or .safetensors")
    parser.add_argument("--input", action="append", default=[], metavar="[NAME=]SHAPE", help="random input; ':i64' behind it for whole numbers")
    parser.add_argument("--inputs", help="safetensors file with inputs, such as one that this script wrote")
    parser.add_argument("--seed", type=int, default=0, help="of random inputs")
    parser.add_argument("--match", help="only layers whose names fit, '*.attn'")
    parser.add_argument("--largest", type=int, default=0, help="of results with more values than this, every nth one is written")
    parser.add_argument("--no-digests", action="store_true", help="leave out the SHA-256 of weights")
    parser.add_argument("--half", choices=["f16", "bf16"], help="compute in half precision")
    options = parser.parse_args()
    module = make_module(options.module, options.weights)
    positional, named = arguments_of(options)
    if options.half:
        dtype = torch.float16 if options.half == "f16" else torch.bfloat16
        module = module.to(dtype)
        positional = [value.to(dtype) if value.is_floating_point() else value for value in positional]
        named = {name: value.to(dtype) if value.is_floating_point() else value for name, value in named.items()}
    capture(module, options.output, *positional, match=options.match, largest=options.largest, digests=not options.no_digests, **named)
    print(f"Written: {options.output}")


if __name__ == "__main__":
    main()
