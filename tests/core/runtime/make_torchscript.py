# SPDX-License-Identifier: GPL-3.0-or-later
"""TorchScript modules, a picture, and what the modules compute of it, in the folder given."""
import json
import os
import struct
import sys
import zlib
from typing import Dict, List

import torch
from torch import nn

os.chdir(sys.argv[1])
torch.manual_seed(11)


def write_png(path, pixels):
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + bytes(row.flatten().tolist()) for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).mean((2, 3)))


class Segmenter(nn.Module):
    """The mask is where red is above one half."""

    def forward(self, image):
        return {"masks": image[:, :1] - 0.5, "scores": torch.ones(1, 1)}


class Features(nn.Module):
    """Three patterns, and five channels of next to nothing."""

    def forward(self, x):
        ramp = torch.linspace(-1, 1, 8)
        a, b, c = ramp.repeat(8, 1) * 9, ramp.repeat(8, 1).t() * 5, torch.eye(8) * 3
        maps: List[torch.Tensor] = [a, b, c]
        return torch.cat([torch.stack(maps), torch.zeros(5, 8, 8)]).unsqueeze(0) + x.mean() * 0, x.sum()


class Failing(nn.Module):
    def forward(self, x):
        if x.size(1) == 3:
            raise ValueError("seven channels are needed")
        return x


class Slow(nn.Module):
    """A minute of small operators."""

    def forward(self, x):
        y = torch.full([64, 64], 1 / 64)
        for i in range(3000000):
            y = torch.tanh(y @ y)
        return y.sum() + x.mean()


class Two(nn.Module):
    def forward(self, x, y):
        return x + y


pixels = torch.randint(0, 256, (12, 16, 3), dtype=torch.uint8)
write_png("picture.png", pixels)
# Normalised as the test does: to 0..1, less the mean, over the deviation.
x = pixels.permute(2, 0, 1).unsqueeze(0).float() / 255
mean, deviation = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
classifier = Classifier().eval()
classifier.norm.running_mean.normal_()
classifier.norm.running_var.uniform_(0.5, 2)
other = Classifier().eval()
expected = {
    "scores": classifier((x - mean) / deviation).flatten().tolist(),
    "scores_bgr_255": classifier(x.flip(1) * 255).flatten().tolist(),
    "scores_other": other((x - mean) / deviation).flatten().tolist(),
    "mask": (pixels[:, :, 0].float() / 255 > 0.5).flatten().int().tolist(),
}
with open("expected.json", "w") as file:
    json.dump(expected, file)
torch.jit.script(classifier).save("classifier.pt")
torch.jit.trace(classifier, x).save("traced.pt")
torch.jit.script(Segmenter()).save("segmenter.pt")
torch.jit.script(Features()).save("features.pt")
torch.jit.script(Failing()).save("failing.pt")
torch.jit.script(Two()).save("two.pt")
torch.jit.script(Slow()).save("slow.pt")
torch.save(other.state_dict(), "other.pth")
torch.save({"backbone." + key: value for key, value in other.state_dict().items()}, "renamed.pth")
torch.save({"conv.weight": torch.zeros(6, 3, 5, 5)}, "unfit.pth")
