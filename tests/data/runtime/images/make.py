#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the pictures of this folder and expected.json: what Pillow makes of each. Made with Pillow 9.4.0 (Debian 12)."""
import hashlib
import json
import math
import random
import struct
import zlib

from PIL import Image, ImageOps

random.seed(7)
WIDTH, HEIGHT = 37, 23


def colour(x, y):
    noise = random.randrange(40)
    return (int(120 + 100 * math.sin(x / 5)) + noise) % 256, (x * 7 + noise) % 256, (y * 11 + x * y // 9) % 256


rgb = Image.new("RGB", (WIDTH, HEIGHT))
rgb.putdata([colour(x, y) for y in range(HEIGHT) for x in range(WIDTH)])
grey = rgb.convert("L")
alpha = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
rgba = rgb.copy()
rgba.putalpha(alpha)
la = Image.merge("LA", (grey, alpha))


def png16(name, kind, channels):
    """16 bits a channel, which Pillow cannot write."""
    rows = b""
    for y in range(HEIGHT):
        rows += b"\0" + b"".join(struct.pack(">H", random.randrange(65536)) for _ in range(WIDTH * channels))
    chunk = lambda tag, data: struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, kind, 0, 0, 0)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def interlaced(name, image, kind, channels):
    """Adam7, which Pillow reads and cannot write."""
    pixels, rows = image.tobytes(), b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for y in range(y0, image.height, dy):
            at = [(y * image.width + x) * channels for x in range(x0, image.width, dx)]
            rows += b"\0" + b"".join(pixels[i:i + channels] for i in at) if at else b""
    chunk = lambda tag, data: struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, kind, 0, 0, 1)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


rgb.save("rgb.png")
interlaced("interlaced.png", rgb, 2, 3)
interlaced("interlaced_grey_alpha.png", la, 4, 2)
interlaced("interlaced_narrow.png", rgb.crop((0, 0, 3, 2)), 2, 3)
rgb.crop((5, 5, 6, 6)).save("one_pixel.png")
rgb.crop((5, 5, 6, 6)).save("one_pixel.jpg")
rgb.crop((0, 0, 17, 9)).save("odd_subsampled.jpg", quality=70, subsampling=1, progressive=True)
rgb.convert("CMYK").save("cmyk_progressive.jpg", quality=80, progressive=True)
rgba.save("rgba.png")
la.save("grey_alpha.png")
grey.save("grey.png")
rgb.quantize(200).save("palette.png")
rgb.quantize(11).save("palette_4bit.png", bits=4)
rgb.quantize(16).save("palette_transparent.png", transparency=3)
grey.convert("1").save("bits.png")
png16("rgb16.png", 2, 3)
png16("rgba16.png", 6, 4)
rgb.save("rgb.jpg", quality=90)
rgb.save("subsampled.jpg", quality=60, subsampling=2)
rgb.save("progressive.jpg", quality=80, progressive=True)
grey.save("grey.jpg")
rgb.convert("CMYK").save("cmyk.jpg", quality=95)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    rgb.save(f"orientation_{orientation}.jpg", exif=exif, quality=70)
exif = Image.Exif()
exif[0x0112] = 6
rgb.save("orientation_6.png", exif=exif)

expected = {"decoded": {}, "resized": []}
digest = lambda image: hashlib.sha256(image.tobytes()).hexdigest()
import glob
for name in sorted(glob.glob("*.png") + glob.glob("*.jpg")):
    image = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    expected["decoded"][name] = {"size": image.size, "sha256": digest(image)}
for size in [(1, 1), (5, 3), (36, 23), (37, 50), (64, 40), (128, 80), (37, 7), (20, 23), (200, 1)]:
    expected["resized"].append({"size": size, "sha256": digest(rgb.resize(size, Image.BILINEAR))})
json.dump(expected, open("expected.json", "w"), indent=1)
