# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that the capture script is tried on."""
import torch
from torch import nn


class Pair(nn.Module):
    def forward(self, x):
        return x + 1, x.half(), None


class Net(nn.Module):
    """A module that works in place, one that is called twice, results in tuples and dictionaries."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.act = nn.ReLU(inplace=True)
        self.shared = nn.Linear(4, 4)
        self.pair = Pair()

    def forward(self, x, offset=None):
        x = self.act(self.conv(x)).mean((2, 3))
        x = self.shared(self.shared(x))
        a, b, _ = self.pair(x if offset is None else x + offset)
        return {"a": a, "b": [b, None]}


def net():
    torch.manual_seed(1)
    return Net()


class Block(nn.Module):
    def __init__(self, names, eps):
        super().__init__()
        self.names = names
        norm1, attn, norm2, fc1, fc2 = names
        parts = [nn.LayerNorm(16, eps=eps), nn.MultiheadAttention(16, 2, batch_first=True), nn.LayerNorm(16, eps=eps), nn.Linear(16, 32), nn.Linear(32, 16)]
        for name, part in zip(names, parts):
            setattr(self, name, part)

    def forward(self, x):
        norm1, attn, norm2, fc1, fc2 = (getattr(self, name) for name in self.names)
        y = norm1(x)
        x = x + attn(y, y, y, need_weights=False)[0]
        return x + fc2(torch.nn.functional.gelu(fc1(norm2(x))))


class Model(nn.Module):
    def __init__(self, blocks, names, eps):
        super().__init__()
        self.blocks_name = blocks
        setattr(self, blocks, nn.ModuleList(Block(names, eps) for _ in range(3)))

    def forward(self, x):
        for block in getattr(self, self.blocks_name):
            x = block(x)
        return x


def filled(model):
    torch.manual_seed(5)
    for tensor in model.parameters():
        tensor.data = torch.randn(tensor.shape) * 0.3 + (1 if tensor.dim() == 1 else 0)
    return model


def original():
    return filled(Model("blocks", ("norm1", "attn", "norm2", "fc1", "fc2"), 1e-5))


def converted(eps=1e-5):
    return filled(Model("layers", ("layer_norm1", "attention", "layer_norm2", "up", "down"), eps))


def converted_eps():
    return converted(1e-3)


def converted_swapped():
    model = converted()
    norm1, norm2 = model.layers[1].layer_norm1, model.layers[1].layer_norm2
    norm1.weight.data, norm2.weight.data = norm2.weight.data, norm1.weight.data
    return model


def encoder():
    """Torch would run this in one go, without its inner layers."""
    torch.manual_seed(2)
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 2)


if __name__ == "__main__":
    torch.jit.script(nn.Sequential(nn.Linear(4, 3), nn.ReLU())).save("module.pt")
