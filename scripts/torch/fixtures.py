"""
Writes the reference results that the tests compare with, in tests/fixtures (its README says what is in them).

    apt-get install python3-torch
    /usr/bin/python3 scripts/torch/fixtures.py [NAME …]      all of them, a file's (`wganGp`), or a family's (`wgan-gp`)
    /usr/bin/python3 scripts/torch/fixtures.py --check       writes nothing; fails unless they are as they would be written,
                                                             but for rounding
    /usr/bin/python3 scripts/torch/fixtures.py FAMILY --new FILE [--size N] [--options JSON] [--seed N]
                                                             draws inputs for a family's fixture of a new name

Of a model, a fixture holds the inputs, too: its weights and all that was drawn. They are read from the file, and what the twin
makes of them is computed anew. The committed files were made with Python 3.11.2, PyTorch 1.13.0a0 and NumPy 1.24.2 (Debian 12)
on the CPU: the same versions write the same bytes.
"""
import argparse
import json
import re
from pathlib import Path

import numpy
import torch

from ganvas.families import NAMES, find
from ganvas.fixtures import metrics, models, ops, optim, resample
from ganvas.fixtures.text import dump, plain

FOLDER = Path(__file__).resolve().parents[2] / "tests/fixtures"
CASES = {
    "conv": ops.conv_cases, "convTranspose": ops.conv_transpose_cases, "norm": ops.norm_cases,
    "optim": optim.optimizers, "resample": resample.resample_cases,
}
CLASSES = 3  # of labels that are drawn
# The family of each file.
MODELS = {
    "cgan": "cgan", "cganDense": "cgan", "dcgan": "dcgan", "gan": "gan", "wgan": "wgan", "wganGp": "wgan-gp", "wganGpResidual": "wgan-gp", "sngan": "sngan",
    "stylegan": "stylegan-lite", "stylegan2": "stylegan2-lite",
}


def json_of(value):
    return dump(plain(value)) + "\n"


def made(name):
    """The text of a fixture."""
    if name == "metrics":
        return metrics.text()
    if name in CASES:
        return json_of(CASES[name]())
    fixture, stray = models.recomputed(MODELS[name], json.loads((FOLDER / f"{name}.json").read_text()))
    print(f"  {name}: a float32 run strays by at most " + ", ".join(f"{key} {value:.0e}" for key, value in stray.items()))
    return json_of(fixture)


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def is_close(one, other):
    """Whether two texts are the same but for the last digits of their numbers, which another PyTorch may round otherwise."""
    if NUMBER.sub("", one) != NUMBER.sub("", other):
        return False
    return numpy.allclose(*([float(number) for number in NUMBER.findall(text)] for text in (one, other)), 1e-6, 1e-10)


def new(name, family, size, options, seed):
    path = FOLDER / f"{name}.json"
    if path.exists():
        raise SystemExit(f"{path} exists: its inputs are kept; to draw others, remove it first")
    torch.manual_seed(seed)
    sample = {"size": size, "channels": 1, **({"classes": CLASSES} if find(family).LABELLED else {})}
    path.write_text(json_of(models.drawn(family, sample, options)), encoding="utf-8")
    print(f"{path}: name its family in scripts/torch/fixtures.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--new", metavar="FILE")
    parser.add_argument("--size", type=int, default=8)
    parser.add_argument("--options", type=json.loads, default={})
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    if args.new:
        if len(args.names) != 1 or args.names[0] not in NAMES:
            parser.error(f"--new: expected one family of {', '.join(NAMES)}")
        return new(args.new, args.names[0], args.size, args.options, args.seed)

    known = ["metrics", *CASES, *MODELS]
    unknown = [name for name in args.names if name not in known and name not in MODELS.values()]
    if unknown:
        parser.error(f"no fixture '{unknown[0]}'; there are {', '.join(known)}, and the families {', '.join(NAMES)}")
    asked = [name for name in known if not args.names or name in args.names or MODELS.get(name) in args.names]
    differing = []
    for name in asked:
        path, text = FOLDER / f"{name}.json", made(name)
        if not args.check:
            path.write_text(text, encoding="utf-8")
        elif not is_close(path.read_text(encoding="utf-8"), text):
            differing.append(name)
    if differing:
        raise SystemExit(f"{', '.join(differing)}: not as it would be written")
    print(f"{', '.join(asked)}: {'as they would be written' if args.check else 'written'}")


if __name__ == "__main__":
    main()
