"""
The residual networks that two papers share, in their appendices on CIFAR-10: Gulrajani et al. 2017 (arXiv:1704.00028) and
Miyato et al. 2018 (arXiv:1802.05957, table 4).
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

from ..layers import Canvas, initialised, resampled_conv, to_map, weight_shape
from .spectral import SpectralNorm

START = 4  # pixels of the map that z is projected to
END = 8  # pixels at which the critic stops to halve


def residual_init(weight):
    """Glorot's uniform, with a gain of √2 for what a rectifier comes before."""
    nn.init.xavier_uniform_(weight, gain=math.sqrt(2))


def plain_init(weight):
    nn.init.xavier_uniform_(weight)


class Conv(nn.Module):
    """A 3x3 or 1x1 conv; of a 3x3 one, the image may double before it or halve after it."""

    def __init__(self, cin, cout, kernel, resample="same", bias=True, init=residual_init):
        super().__init__()
        self.resample = resample
        self.weight = nn.Parameter(torch.empty(weight_shape(cin, cout, kernel, resample)))
        self.bias = nn.Parameter(torch.empty(cout)) if bias else None
        initialised(self, init)

    def forward(self, x):
        return resampled_conv(x, self.weight, self.bias, self.resample)


class UpBlock(nn.Module):
    """G's block, [N, cin, H, W] -> [N, cout, 2 H, 2 W]: norm, ReLU, upsampling, conv, norm, ReLU, conv, and a shortcut."""

    def __init__(self, cin, cout):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(cin)
        self.conv1 = Conv(cin, cout, 3, resample="up", bias=False)
        self.norm2 = nn.BatchNorm2d(cout)
        self.conv2 = Conv(cout, cout, 3, bias=False)
        self.shortcut = Conv(cin, cout, 1, bias=False, init=plain_init)

    def forward(self, x):
        h = self.conv1(F.relu(self.norm1(x)))
        large = F.interpolate(x, scale_factor=2, mode="nearest")
        return self.conv2(F.relu(self.norm2(h))) + self.shortcut(large)


class ResidualGenerator(nn.Module):
    """z [N, latent] -> images in (-1, 1): dense to 4x4, a block for each doubling, and a conv."""

    def __init__(self, image, latent, width):
        super().__init__()
        self.canvas = Canvas(image)
        self.project = initialised(nn.Linear(latent, START * START * width), plain_init)
        doublings = int(math.log2(self.canvas.size / START))
        self.blocks = nn.Sequential(*(UpBlock(width, width) for _ in range(doublings)))
        self.norm = nn.BatchNorm2d(width)
        self.out = Conv(width, image["channels"], 3, init=plain_init)

    def forward(self, z):
        y = self.blocks(to_map(self.project(z), START))
        return self.canvas.cut(torch.tanh(self.out(F.relu(self.norm(y)))))


class CriticBlock(nn.Module):
    """The critic's block: ReLU (not on the image), conv, ReLU, conv, and the mean of 2x2 if `down`."""

    def __init__(self, cin, cout, first, down):
        super().__init__()
        self.first, self.down = first, down
        self.conv1 = Conv(cin, cout, 3)
        self.conv2 = Conv(cout, cout, 3, resample="down" if down else "same")
        self.shortcut = Conv(cin, cout, 1, init=plain_init) if down else None

    def forward(self, x):
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        return h + self.shortcut(F.avg_pool2d(x, 2)) if self.down else h + x


class ResidualCritic(nn.Module):
    """
    Images -> scores [N, 1]: blocks that halve down to 8 pixels, two that do not, the pixels together (`pool`: "sum" or
    "mean"), dense. `spectral`: each layer is held to a spectral norm of 1, and each call takes a step of its iteration.
    """

    def __init__(self, image, width, pool, spectral=False):
        super().__init__()
        self.canvas, self.pool = Canvas(image), pool
        halvings = max(1, int(math.log2(self.canvas.size / END)))
        self.blocks = nn.ModuleList(
            CriticBlock(width if i else image["channels"], width, first=i == 0, down=i < halvings)
            for i in range(halvings + 2))
        self.out = initialised(nn.Linear(width, 1), plain_init)
        self.norm = SpectralNorm(self) if spectral else None

    def forward(self, images):
        return self.norm.normalised(self, lambda: self.score(images)) if self.norm else self.score(images)

    def score(self, images):
        x = self.canvas.put(images)
        for block in self.blocks:
            x = block(x)
        pool = torch.sum if self.pool == "sum" else torch.mean
        return self.out(pool(F.relu(x), dim=(2, 3)))
