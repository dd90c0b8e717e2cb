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


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", nargs="?", choices=NAMES)
    parser.add_argument("--from", dest="source", metavar="FILE", help="go on from a file")
    parser.add_argument("--data", default="mnist", help=f"mnist, idx:PATH, or points: {', '.join(data.TOYS)}")
    parser.add_argument("--loss", choices=[kebab(name) for name in LOSSES])
    parser.add_argument("--steps", type=int, required=True, help="train until this step")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", metavar="FILE.safetensors")
    parser.add_argument("--samples", metavar="FILE.npy")
    parser.add_argument("--count", type=int, default=5000, help="samples")
    for option in sorted({option for family in NAMES for option in find(family).DEFAULTS}):
        parser.add_argument(f"--{kebab(option)}", dest=f"option {option}", type=float, metavar="X")
    args = parser.parse_args()
    if (args.family is None) == (args.source is None):
        parser.error(f"expected a family, one of {', '.join(NAMES)}, or --from FILE")
    options = {name[len("option "):]: value for name, value in vars(args).items()
               if name.startswith("option ") and value is not None}
    if args.source and (options or args.loss):
        parser.error("--from: options and loss are those of the file")
    return args, {name: int(value) if value == int(value) else value for name, value in options.items()}


def begin(args, options):
    """The model to train, its metadata, and a function of a count that draws samples of its data."""
    kind, real = data.load(args.data)
    if args.source:
        model, metadata = checkpoint.load(args.source)
        if metadata["config"]["data"] != kind:
            raise SystemExit(f"--data: {args.source} is of {metadata['config']['data']}, not of {kind}")
        return model, metadata, real
    family = find(args.family)
    loss = next((name for name in LOSSES if kebab(name) == args.loss), None)
    own = {name: value for name, value in options.items() if value != family.DEFAULTS.get(name)}
    config = {"model": args.family, "options": own, **({"loss": loss} if loss not in (None, family.LOSS) else {}),
              "data": kind, "batch": args.batch, "seed": args.seed}
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
