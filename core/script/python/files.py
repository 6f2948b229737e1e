# Files


def load(path: Path) -> Tensors:
    """The tensors of a .safetensors or torch file, of all files of an index, or of a folder with one of these."""
    if path.is_dir():
        indices = ["model.safetensors.index.json", "pytorch_model.bin.index.json"]
        names = [*indices, "pytorch_model.bin", "model.safetensors"]
        path = next((path / name for name in names if (path / name).exists()), path / names[-1])
    if not path.exists():
        raise SystemExit(f"{path}: no such file")
    if path.suffix == ".json":
        shards = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
        return {key: tensor for shard in shards for key, tensor in load(path.parent / shard).items()}
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    try:
        return state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except pickle.UnpicklingError as error:
        reason = f"holds more than tensors, and reading it could run code; save its state_dict alone ({error})"
        raise SystemExit(f"{path}: {reason}") from None


def state_dict(content: Any) -> Tensors:
    """The tensors of a file like {"model": …, "optimizer": …}: the dictionary whose keys the rules know best."""

    def dictionaries(content: Any) -> Iterator[dict]:
        if isinstance(content, dict):
            yield content
            for value in content.values():
                yield from dictionaries(value)

    def flat(content: dict, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
        for key, value in content.items():
            if isinstance(value, torch.Tensor):
                yield f"{prefix}{key}", value.detach()
            elif isinstance(value, dict):
                yield from flat(value, f"{prefix}{key}.")

    known = [pattern for rule in RULES if isinstance(rule, Rule) for side in patterns(rule) for pattern in side]

    def fit(tensors: Tensors) -> int:
        return sum(any(pattern.match(key) is not None for pattern in known) for key in tensors)

    return max((dict(flat(each)) for each in dictionaries(content)), key=fit, default={})


def save(tensors: Tensors, path: Path, shard_bytes: int) -> list[Path]:
    """Writes one file, or shards and their index. Tied tensors are stored as often as they have names."""
    shards: list[Tensors] = [{}]
    size = 0
    for key, tensor in tensors.items():
        nbytes = tensor.numel() * tensor.element_size()
        if shard_bytes and shards[-1] and size + nbytes > shard_bytes:
            shards.append({})
            size = 0
        shards[-1][key] = tensor
        size += nbytes
    if len(shards) == 1:
        return [save_one(tensors, path)]
    names = [f"{path.stem}-{i + 1:05d}-of-{len(shards):05d}{path.suffix}" for i in range(len(shards))]
    written = [save_one(shard, path.parent / name) for name, shard in zip(names, shards)]
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    weight_map = {key: name for name, shard in zip(names, shards) for key in shard}
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    index_path = path.parent / f"{path.name}.index.json"
    index_path.write_text(json.dumps(index, indent=1, sort_keys=True), encoding="utf-8")
    return [*written, index_path]


def save_one(tensors: Tensors, path: Path) -> Path:
    """Beside the destination, then renamed: nothing half-written stays behind."""
    part = path.with_name(path.name + ".part")
    try:
        if path.suffix == ".safetensors":
            write_safetensors(tensors, part)
        else:
            # Copies, since a view would bring its whole storage.
            torch.save({key: tensor.clone() for key, tensor in tensors.items()}, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


# safetensors (https://github.com/huggingface/safetensors): eight bytes with the length of a header, the header in JSON,
# the bytes of all tensors.

TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8",
    "BOOL": "bool", "C64": "complex64",
}  # fmt: skip
DTYPES = {name: getattr(torch, dtype) for name, dtype in TYPES.items() if hasattr(torch, dtype)}


def read_safetensors(path: Path) -> Tensors:
    with open(path, "rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    (length,) = struct.unpack_from("<Q", content)
    tensors: Tensors = {}
    for key, entry in json.loads(content[8 : 8 + length]).items():
        if key == "__metadata__":
            continue
        if entry["dtype"] not in DTYPES:
            raise SystemExit(f"{path}: {key} has type {entry['dtype']}, which this script or torch does not know")
        dtype, (begin, end) = DTYPES[entry["dtype"]], entry["data_offsets"]
        if begin == end:
            tensors[key] = torch.empty(entry["shape"], dtype=dtype)
            continue
        data = torch.frombuffer(content, dtype=torch.uint8, offset=8 + length + begin, count=end - begin)
        aligned = data.data_ptr() % torch.empty(0, dtype=dtype).element_size() == 0
        tensors[key] = (data if aligned else data.clone()).view(dtype).reshape(entry["shape"])
    return tensors


def write_safetensors(tensors: Tensors, path: Path) -> None:
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for key, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        place = [offset, offset + size]
        header[key] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": place}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            tensor = tensor.contiguous()
            file.write((ctypes.c_char * (tensor.numel() * tensor.element_size())).from_address(tensor.data_ptr()))
