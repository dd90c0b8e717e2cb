"""
The synthesis network of StyleGAN2 (Karras et al. 2019, arXiv:1912.04958). Every sample has weights of its own here,
modulated and demodulated, in one conv of as many groups as samples, as in the paper; Ganvas scales input and result.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

from ..layers import blur, lrelu, weight_shape
from .stylegan import START, EqualLinear, Generator, of_pixels, pyramid


class ModulatedConv(nn.Module):
    """Section 2.2: w' = s_i w of input map i and, demodulated, w'' = w' / √(Σ w'² + ε) (equations 1 and 3)."""

    def __init__(self, cin, cout, kernel, latent, up=False, demodulate=True):
        super().__init__()
        self.up, self.demodulate = up, demodulate
        self.weight = nn.Parameter(torch.randn(weight_shape(cin, cout, kernel, "up" if up else "same")))
        self.affine = EqualLinear(latent, cin, gain=1.0)
        nn.init.ones_(self.affine.bias)

    def forward(self, x, w):
        weight = self.weight.transpose(0, 1).flip(2, 3) if self.up else self.weight  # [cout, cin, kh, kw]
        cout, cin, kernel, _ = weight.shape
        style = self.affine(w)  # [N, cin]
        own = weight / math.sqrt(kernel * kernel * cin) * style[:, None, :, None, None]  # [N, cout, cin, kh, kw]
        if self.demodulate:
            own = own / (own.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).sqrt()
        if self.up:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        N, _, H, W = x.shape
        y = F.conv2d(x.reshape(1, N * cin, H, W), own.reshape(N * cout, cin, kernel, kernel),
                     padding=kernel // 2, groups=N)
        return y.reshape(N, cout, H, W)


class StyledConv(nn.Module):
    """Figure 2d: a modulated conv, noise B, bias, leaky ReLU, whose gain of √2 comes before noise and bias."""

    def __init__(self, size, cin, cout, latent, up=False):
        super().__init__()
        self.up = up
        self.conv = ModulatedConv(cin, cout, 3, latent, up)
        self.noise_strength = nn.Parameter(torch.zeros(1))
        self.bias = nn.Parameter(torch.zeros(cout))
        self.register_buffer("fixed_noise", torch.randn(1, 1, size, size))

    def forward(self, x, w, noise=None):
        x = self.conv(x, w)
        x = math.sqrt(2) * (blur(x) if self.up else x)
        drawn = noise((len(x), 1, *x.shape[2:])) if noise else self.fixed_noise
        return lrelu(x + self.noise_strength * drawn + of_pixels(self.bias))


class ToRgb(nn.Module):
    """tRGB: a modulated 1x1 conv to colours, not demodulated, and a bias."""

    def __init__(self, cin, channels, latent):
        super().__init__()
        self.conv = ModulatedConv(cin, channels, 1, latent, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x, w):
        return self.conv(x, w) + of_pixels(self.bias)


class SkipSynthesis(nn.Module):
    """
    Figure 7, with "output skips": the image is the sum of those of all sizes, each enlarged bilinearly. A style [N, latent]
    for each conv and one for the last image; a smaller image takes the style of the conv that comes next.
    """

    def __init__(self, size, channels, options):
        super().__init__()
        levels, latent = pyramid(size, options), options["latent"]
        self.constant = nn.Parameter(torch.randn(1, levels[0][1], START, START))
        convs = []
        for i, (at, own) in enumerate(levels):
            if i:
                convs.append(StyledConv(at, levels[i - 1][1], own, latent, up=True))
            convs.append(StyledConv(at, own, own, latent))
        self.convs = nn.ModuleList(convs)
        self.to_rgb = nn.ModuleList(ToRgb(own, channels, latent) for _, own in levels)
        self.styles = len(convs) + 1

    def forward(self, styles, noise=None):
        x = self.constant.expand(len(styles[0]), -1, -1, -1)
        x = self.convs[0](x, styles[0], noise)
        image = self.to_rgb[0](x, styles[1])
        for level in range(1, len(self.to_rgb)):
            i = 2 * level - 1
            x = self.convs[i](x, styles[i], noise)
            x = self.convs[i + 1](x, styles[i + 1], noise)
            large = F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
            image = large + self.to_rgb[level](x, styles[i + 2])
        return torch.tanh(image)


class SkipGenerator(Generator):
    def __init__(self, size, channels, options):
        super().__init__(size, channels, options, SkipSynthesis)
        self.register_buffer("path_length", torch.zeros(()))  # a, the mean of path lengths
