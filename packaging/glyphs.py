#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws resources/demo/glyphs.png, the letters of the pictures that `rekey demo --headless` writes, from the font Inter
(Debian: fonts-inter, python3-pil). One cell a character, in the order of CHARACTERS; the top left pixel of a cell holds
its advance in pixels, the rest the coverage."""
import pathlib

from PIL import Image, ImageDraw, ImageFont

CHARACTERS = [chr(c) for c in range(32, 127)] + list("−×→·")
WIDTH, HEIGHT, SIZE = 24, 26, 18

font = ImageFont.truetype("/usr/share/fonts/opentype/inter/Inter-Regular.otf", SIZE)
atlas = Image.new("L", (WIDTH * len(CHARACTERS), HEIGHT), 0)
draw = ImageDraw.Draw(atlas)
for i, character in enumerate(CHARACTERS):
    draw.text((i * WIDTH + 1, HEIGHT - 6), character, font=font, fill=255, anchor="ls")
    atlas.putpixel((i * WIDTH, 0), round(font.getlength(character)))
atlas.save(pathlib.Path(__file__).parent.parent / "resources/demo/glyphs.png", optimize=True)
