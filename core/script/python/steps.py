def only(index: int, step: Step) -> Step:
    """Does a step with one tensor of the list."""
    return lambda tensors: [*tensors[:index], *step([tensors[index]]), *tensors[index + 1 :]]


def wide(tensor: torch.Tensor) -> torch.Tensor:
    """At least 32 bits, for what torch does not compute in 16 bits on a CPU."""
    return tensor.float() if tensor.element_size() < 4 else tensor


def norm_except(v: torch.Tensor, dim: int) -> torch.Tensor:
    """The norm over all dimensions but one."""
    others = [d for d in range(v.dim()) if d != dim % v.dim()]
    return v.norm(2, others, True) if others else v.abs()


def concat(dim: int) -> Step:
    return lambda tensors: [torch.cat(tensors, dim)]


def split(dim: int, parts: int | list[int]) -> Step:
    """One tensor to equal parts, or to parts of the given sizes."""
    if isinstance(parts, int):
        return lambda tensors: list(tensors[0].split(tensors[0].shape[dim] // parts, dim))
    return lambda tensors: list(tensors[0].split(parts, dim))


def cut(dim: int, start: int, end: int | None = None, step: int = 1) -> Step:
    """Keeps [start, end) of a dimension."""
    return lambda tensors: [t[(slice(None),) * (dim % t.dim()) + (slice(start, end, step),)] for t in tensors]


def pad(dim: int, before: int, after: int, value: float = 0) -> Step:
    """Puts entries of `value` at the ends of a dimension."""

    def one(t: torch.Tensor) -> torch.Tensor:
        shape = list(t.shape)
        shape[dim] += before + after
        padded = torch.full(shape, value, dtype=torch.float64).to(t.dtype)
        padded.narrow(dim, before, t.shape[dim]).copy_(t)
        return padded

    return lambda tensors: [one(t) for t in tensors]


def permute(*dims: int) -> Step:
    """Dimension i of the result is dimension dims[i]."""
    return lambda tensors: [t.permute(dims) for t in tensors]


def transpose(dim0: int, dim1: int) -> Step:
    return lambda tensors: [t.transpose(dim0, dim1) for t in tensors]


def reshape(*shape: int) -> Step:
    """Same values in the same order; -1 is inferred, 0 keeps that dimension."""

    def sizes(t: torch.Tensor) -> list[int]:
        return [t.shape[i] if n == 0 and i < t.dim() else n for i, n in enumerate(shape)]

    return lambda tensors: [t.reshape(sizes(t)) for t in tensors]


def squeeze(dim: int) -> Step:
    return lambda tensors: [t.squeeze(dim) for t in tensors]


def unsqueeze(dim: int) -> Step:
    return lambda tensors: [t.unsqueeze(dim) for t in tensors]


def stack(dim: int) -> Step:
    return lambda tensors: [torch.stack(tensors, dim)]


def unstack(dim: int) -> Step:
    return lambda tensors: list(tensors[0].unbind(dim))


def interleave(dim: int, outer: int, a: int, b: int) -> Step:
    """A dimension seen as [outer, a, b, rest] becomes [outer, b, a, rest]."""

    def one(t: torch.Tensor) -> torch.Tensor:
        at = dim % t.dim()
        seen = t.reshape(*t.shape[:at], outer, a, b, t.shape[at] // (outer * a * b), *t.shape[at + 1 :])
        return seen.transpose(at + 1, at + 2).reshape(t.shape)

    return lambda tensors: [one(t) for t in tensors]


def repeat(dim: int, times: int) -> Step:
    """The tensor `times` times after itself along a dimension."""
    return lambda tensors: [t.repeat([times if d == dim % t.dim() else 1 for d in range(t.dim())]) for t in tensors]


def interpolate(dim: int, sizes: list[int], keep: int = 0, flattened: bool = False, mode: str = "bicubic") -> Step:
    """Brings a position table to another grid; `keep` leading rows are copied."""

    def one(t: torch.Tensor) -> torch.Tensor:
        at, values = dim % t.dim(), wide(t)
        grid = len(sizes) == 2 and not flattened
        last = values.movedim((at, at + 1), (-2, -1)) if grid else values.movedim(at, -1)
        kept, table = (last, last) if grid else (last[..., :keep], last[..., keep:])
        rows = last.shape[:-2] if grid else last.shape[:-1]
        side = round(table.shape[-1] ** 0.5)
        old = table.shape[-2:] if grid else [side, side] if len(sizes) == 2 else table.shape[-1:]
        table = table.reshape(1, -1, *old).contiguous()
        resized = torch.nn.functional.interpolate(table, size=sizes, mode=mode, align_corners=False)
        if grid:
            return resized.reshape(*rows, *sizes).movedim((-2, -1), (at, at + 1)).to(t.dtype)
        return torch.cat([kept, resized.reshape(*rows, -1)], -1).movedim(-1, at).to(t.dtype)

    return lambda tensors: [one(t) for t in tensors]


def cast(dtype: torch.dtype) -> Step:
    return lambda tensors: [t.to(dtype) for t in tensors]


def scale(factor: float) -> Step:
    return lambda tensors: [t * factor for t in tensors]


def add(value: float) -> Step:
    return lambda tensors: [t + value for t in tensors]


def total() -> Step:
    """The sum of all tensors."""

    def step(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        result = tensors[0]
        for tensor in tensors[1:]:
            result = result + tensor
        return [result]

    return step


def negate() -> Step:
    return lambda tensors: [-t for t in tensors]


def fuse_weight_norm(dim: int) -> Step:
    """[g, v] of torch.nn.utils.weight_norm to the weight g * v / |v|."""

    def step(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        g, v = map(wide, tensors)
        norm = norm_except(v, dim)
        return [(v * (g.reshape(norm.shape) / norm)).to(torch.promote_types(tensors[0].dtype, tensors[1].dtype))]

    return step


def split_weight_norm(dim: int) -> Step:
    """A weight to [g, v] of torch.nn.utils.weight_norm."""
    return lambda tensors: [norm_except(wide(tensors[0]), dim).to(tensors[0].dtype), tensors[0]]


def fold_batch_norm(eps: float = 1e-5, bias: bool = False) -> Step:
    """[weight, (bias,) gamma, beta, mean, variance] to [weight, bias] of the layer with the norm folded in."""

    def step(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        weight, *own, gamma, beta, mean, variance = map(wide, tensors)
        inverse = (variance + eps).rsqrt()
        folded = weight * (gamma * inverse).reshape(-1, *[1] * (weight.dim() - 1))
        shift = ((own[0] if bias else torch.zeros_like(mean)) - mean) * inverse * gamma + beta
        return [folded.to(tensors[0].dtype), shift.to(tensors[0].dtype)]

    return step
