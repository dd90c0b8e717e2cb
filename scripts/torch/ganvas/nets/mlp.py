"""Multi-layer perceptrons: the networks of the first GAN, and those of every family that trains on points."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from ..layers import initialised, lrelu, pixels_last, to_map
from ..model import is_image


def he_normal(weight):
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def default_uniform(weight):
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5))


def values_in(sample):
    return sample["size"] ** 2 * sample["channels"] if is_image(sample) else sample["dims"]


def hidden_layers(inputs, units, width, depth):
    return nn.ModuleList(initialised(nn.Linear(width if i else inputs, units), he_normal) for i in range(depth))


class MlpGenerator(nn.Module):
    """z [N, latent] -> samples, through rectifiers; images end in tanh, points are unbounded, in their unit."""

    def __init__(self, sample, options):
        super().__init__()
        self.sample = sample
        width = options["width"]
        self.hidden = hidden_layers(options["latent"], width, width, options["depth"])
        self.out = initialised(nn.Linear(width, values_in(sample)), default_uniform)

    def forward(self, z):
        for layer in self.hidden:
            z = F.relu(layer(z))
        y = self.out(z)
        return torch.tanh(to_map(y, self.sample["size"])) if is_image(self.sample) else y * self.sample["unit"]


class MlpDiscriminator(nn.Module):
    """
    Samples -> logits [N, 1]. `pieces` linear maps compete in each maxout unit (Goodfellow et al. 2013, arXiv:1302.4389);
    with one of them, units are leaky rectifiers.
    """

    def __init__(self, sample, options, pieces=1):
        super().__init__()
        self.sample, self.pieces = sample, pieces
        width = options["width"]
        self.hidden = hidden_layers(values_in(sample), width * pieces, width, options["depth"])
        self.out = initialised(nn.Linear(width, 1), default_uniform)

    def activate(self, h):
        """Of a maxout unit's pieces, which lie side by side, the largest."""
        return lrelu(h) if self.pieces == 1 else h.reshape(len(h), -1, self.pieces).max(dim=2).values

    def forward(self, x):
        h = pixels_last(x) if is_image(self.sample) else x / self.sample["unit"]
        for layer in self.hidden:
            h = self.activate(layer(h))
        return self.out(h)
