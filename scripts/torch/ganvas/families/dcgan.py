"""
DCGAN: Radford, Metz & Chintala 2015, "Unsupervised representation learning with deep convolutional generative adversarial
networks" (arXiv:1511.06434).
"""
import torch
import torch.nn.functional as F
from torch import nn

from ..layers import initialised, lrelu, pixels_last, to_map
from ..losses import LOSSES
from ..model import Family, images_only
from ..optimizers import adam

RESAMPLE = {"kernel_size": 4, "stride": 2, "padding": 1}


def init(weight):
    """Every weight starts as N(0, 0.02²)."""
    nn.init.normal_(weight, std=0.02)


def levels_of(size):
    """How often `size` halves down to the 4 to 7 pixels that z is projected to."""
    levels, s = 0, size
    while s > 7 and s % 2 == 0:
        levels, s = levels + 1, s // 2
    if levels == 0:
        raise ValueError(f"DCGAN doubles a few pixels up to the image: the size must be even and at least 8, got {size}")
    return levels


class Generator(nn.Module):
    """z [N, latent] -> images in (-1, 1): figure 1."""

    def __init__(self, image, options):
        super().__init__()
        levels = levels_of(image["size"])
        self.base = image["size"] // 2 ** levels
        depths = [options["width"] * 2 ** i for i in reversed(range(levels))]
        self.project = initialised(nn.Linear(options["latent"], self.base ** 2 * depths[0], bias=False), init)
        self.norms = nn.ModuleList(nn.BatchNorm2d(depth) for depth in depths)
        self.ups = nn.ModuleList(
            initialised(nn.ConvTranspose2d(depth, after, **RESAMPLE, bias=i == levels - 1), init)
            for i, (depth, after) in enumerate(zip(depths, [*depths[1:], image["channels"]])))

    def forward(self, z):
        y = to_map(self.project(z), self.base)
        for norm, up in zip(self.norms, self.ups):
            y = up(F.relu(norm(y)))
        return torch.tanh(y)


class Discriminator(nn.Module):
    """Images -> logits [N, 1]. No batch norm on the first layer, nor anywhere unless `norm`."""

    def __init__(self, image, options, norm=True):
        super().__init__()
        levels = levels_of(image["size"])
        depths = [options["width"] * 2 ** i for i in range(levels)]
        self.convs = nn.ModuleList(
            initialised(nn.Conv2d(before, depth, **RESAMPLE, bias=i == 0 or not norm), init)
            for i, (before, depth) in enumerate(zip([image["channels"], *depths], depths)))
        self.norms = nn.ModuleList(nn.BatchNorm2d(depth) for depth in depths[1:] if norm)
        self.out = initialised(nn.Linear((image["size"] // 2 ** levels) ** 2 * depths[-1], 1), init)

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = conv(x)
            x = lrelu(self.norms[i - 1](x) if i and self.norms else x)
        return self.out(pixels_last(x))


class Dcgan(Family):
    DEFAULTS = {"latent": 100, "width": 64, "lr": 2e-4, "beta1": 0.5, "beta2": 0.999, "loss": "nonSaturating"}

    def __init__(self, sample, options):
        super().__init__(images_only(sample), options)
        self.generator = Generator(sample, self.options)
        self.discriminator = Discriminator(sample, self.options)
        self.optimizers = {name: adam(network, self.options) for name, network in self.named_children()}

    def step(self, real, latent):
        """
        Algorithm 1 of Goodfellow et al. 2014 with k = 1; real and generated images pass D in batches of their own, and G is
        trained on the images that D was, against the updated D.
        """
        G, D, loss = self.generator, self.discriminator, LOSSES[self.options["loss"]]
        x = real()
        generated = G(latent(len(x)))
        on_real, on_fake = D(x), D(generated.detach())
        loss_d = loss.discriminator(on_real, on_fake)
        self.optimizers["discriminator"].descend(loss_d)

        on_generated = D(generated)
        loss_g = loss.generator(on_generated)
        self.optimizers["generator"].descend(loss_g)
        opinions = [loss.opinion(logits).mean() for logits in (on_real, on_fake, on_generated)]
        return dict(zip(("lossD", "lossG", "D(x)", "D(G(z))", "D(G(z)) after"), (loss_d, loss_g, *opinions)))
