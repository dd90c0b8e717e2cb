"""
Trains a family's PyTorch twin on the CPU, and writes it as `npm run import` takes it.

    apt-get install python3-torch
    /usr/bin/python3 scripts/torch/train.py dcgan --width 32 --lr 5e-4 --steps 2000 --out dcgan.safetensors
    npm run import -- dcgan.safetensors --data mnist --out runs/dcgan-torch

Options are named as those of `npm run train`; what is left out is as in the paper. Minibatches and latents are drawn by
PyTorch's own random numbers: a run is another draw of the same kind as one of Ganvas', not the same run. `--from` goes on from
such a file, one of `npm run export`, or a checkpoint of Ganvas'. `--samples FILE.npy` also writes samples, images as bytes
[N, H, W, C], for `npm run evaluate -- FILE.npy`.
"""
import argparse
import re

import numpy
import torch

from ganvas import checkpoint, data
from ganvas.families import NAMES, find
from ganvas.losses import LOSSES

LOG_EVERY = 100
CHUNK = 500  # samples made at once


def kebab(name):
    """nCritic as n-critic, the way flags have it."""
    return re.sub("[A-Z]", lambda match: f"-{match[0].lower()}", name)


def number(text):
    """A whole one as an int, as JSON has it."""
    value = float(text)
    return int(value) if value == int(value) else value


def argument_of(value):
    """How argparse reads an option whose usual value is this one."""
    if isinstance(value, bool):
        return {"action": "store_const", "const": True}
    if isinstance(value, str):
        return {"choices": [kebab(name) for name in LOSSES]}
    return {"type": number, "metavar": "X"}


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", nargs="?", choices=NAMES)
    parser.add_argument("--from", dest="source", metavar="FILE", help="go on from a file")
    parser.add_argument("--data", default="mnist", help=f"mnist, idx:PATH, or points: {', '.join(data.TOYS)}")
    parser.add_argument("--steps", type=int, required=True, help="train until this step")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", metavar="FILE.safetensors")
    parser.add_argument("--samples", metavar="FILE.npy")
    parser.add_argument("--count", type=int, default=5000, help="samples")
    for option, value in sorted({key: value for family in NAMES for key, value in find(family).DEFAULTS.items()}.items()):
        parser.add_argument(f"--{kebab(option)}", dest=f"option {option}", **argument_of(value))
    args = parser.parse_args()
    if (args.family is None) == (args.source is None):
        parser.error(f"expected a family, one of {', '.join(NAMES)}, or --from FILE")
    words = {kebab(name): name for name in LOSSES}
    options = {name[len("option "):]: words.get(value, value) for name, value in vars(args).items()
               if name.startswith("option ") and value is not None}
    if args.source and options:
        parser.error("--from: options are those of the file")
    return args, options


def begin(args, options):
    """The model to train, its metadata, and a function of a count that draws samples of its data."""
    if args.source:
        model, metadata = checkpoint.load(args.source)
        fields, real = data.load(args.data, "classes" in model.sample_size)
        if metadata["config"]["fields"] != fields:
            raise SystemExit(f"--data: {args.source} is of {metadata['config']['fields']}, not of {fields}")
        return model, metadata, real
    family = find(args.family)
    fields, real = data.load(args.data, family.LABELLED)
    own = {name: value for name, value in options.items() if value != family.DEFAULTS.get(name)}
    config = {"model": args.family, "options": own, "fields": fields, "batch": args.batch, "seed": args.seed}
    return checkpoint.build(config), {"config": config, "step": 0}, real


def train(model, real, batch, first, last):
    for step in range(first + 1, last + 1):
        metrics = model.step(lambda: real(batch), model.latents)
        if step % LOG_EVERY == 0 or step == last:
            print(f"step {step} of {last}: " + ", ".join(f"{name} {value.item():.3g}" for name, value in metrics.items()),
                  flush=True)


def samples(model, count):
    made = torch.cat([model.sample(model.latents(min(CHUNK, count - i))) for i in range(0, count, CHUNK)])
    return data.as_bytes(made) if made.dim() == 4 else made.numpy()


def main():
    args, options = read_arguments()
    torch.manual_seed(args.seed)
    try:
        model, metadata, real = begin(args, options)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None
    train(model, real, args.batch, metadata["step"], args.steps)
    if args.out:
        checkpoint.save(args.out, model, {**metadata, "step": max(metadata["step"], args.steps)})
    if args.samples:
        numpy.save(args.samples, samples(model, args.count))


if __name__ == "__main__":
    main()
