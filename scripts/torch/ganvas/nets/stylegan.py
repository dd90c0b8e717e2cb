"""The networks of StyleGAN (Karras et al. 2018, arXiv:1812.04948): mapping f, synthesis g, and the discriminator."""
import math

import torch
import torch.nn.functional as F
from torch import nn

from ..layers import blur, lrelu, pixels_last, resampled_conv, weight_shape

START = 4  # pixels of the learned constant, and of the discriminator's last map
GROUP = 4  # samples that the minibatch standard deviation compares


class EqualLinear(nn.Module):
    """
    Equalised learning rate (arXiv:1710.10196, section 4.1): weights are kept as N(0, 1) and scaled by gain / √fan_in
    whenever used. A multiplier slows a layer down further: its values are kept that much larger.
    """

    def __init__(self, inputs, outputs, gain=math.sqrt(2), multiplier=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / multiplier)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale, self.multiplier = gain / math.sqrt(inputs) * multiplier, multiplier

    def forward(self, x):
        return F.linear(x, self.weight * self.scale, self.bias * self.multiplier)


class EqualConv(nn.Module):
    """A conv with an equalised weight, which may double the image before it or halve it after it."""

    def __init__(self, cin, cout, kernel, bias=True, resample="same", gain=math.sqrt(2)):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(weight_shape(cin, cout, kernel, resample)))
        self.bias = nn.Parameter(torch.zeros(cout)) if bias else None
        self.scale, self.resample = gain / math.sqrt(kernel * kernel * cin), resample

    def forward(self, x):
        return resampled_conv(x, self.weight * self.scale, self.bias, self.resample)


def of_pixels(vector):
    """[C] or [N, C] -> something to combine with [N, C, H, W]."""
    return vector.reshape(-1, vector.shape[-1], 1, 1)


def with_deviation(x, group=GROUP):
    """
    How much a group of samples varies, averaged over all values, as one more channel (arXiv:1710.10196, section 3).
    Groups are of `group` samples, or the most that divide the batch.
    """
    N, _, H, W = x.shape
    G = next(size for size in range(min(group, N), 0, -1) if N % size == 0)
    groups = x.reshape(G, N // G, -1)
    deviation = (groups.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=1)  # [N / G]
    return torch.cat([x, deviation.repeat(G).reshape(N, 1, 1, 1).expand(N, 1, H, W)], dim=1)


def pyramid(size, options):
    """Sizes from START up to `size`, a power of two, with the channels of each."""
    sizes = [START * 2 ** i for i in range(int(math.log2(size / START)) + 1)]
    return [(at, min(options["maxWidth"], options["width"] * size // at)) for at in sizes]


class Mapping(nn.Module):
    """f: z [N, latent] -> w [N, latent], pixel-normalised and through dense layers, trained at a lower rate."""

    def __init__(self, options):
        super().__init__()
        latent = options["latent"]
        self.layers = nn.ModuleList(
            EqualLinear(latent, latent, multiplier=options["mappingLr"]) for _ in range(options["depth"]))

    def forward(self, z):
        w = z / (z.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
        for layer in self.layers:
            w = lrelu(layer(w))
        return w


class SynthesisLayer(nn.Module):
    """One layer of figure 1b: conv (none on the constant), noise B, bias, leaky ReLU, and AdaIN by the style A w."""

    def __init__(self, size, cin, channels, latent, first=False, up=False):
        super().__init__()
        self.up = up
        self.conv = None if first else EqualConv(cin, channels, 3, bias=False, resample="up" if up else "same")
        self.affine = EqualLinear(latent, 2 * channels, gain=1.0)
        nn.init.ones_(self.affine.bias[:channels].detach())
        self.noise_scale = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("fixed_noise", torch.randn(1, 1, size, size))

    def forward(self, x, w, noise=None):
        """`noise` draws a shape; if left out, the layer's own is used, the same for all images."""
        x = self.conv(x) if self.conv else x
        drawn = noise((len(x), 1, *x.shape[2:])) if noise else self.fixed_noise
        x = blur(x) if self.up else x
        x = lrelu(x + of_pixels(self.noise_scale) * drawn + of_pixels(self.bias))
        scale, shift = self.affine(w).chunk(2, dim=1)
        return of_pixels(scale) * F.instance_norm(x) + of_pixels(shift)


class Synthesis(nn.Module):
    """A style w [N, latent] for each layer -> images in (-1, 1)."""

    def __init__(self, size, channels, options):
        super().__init__()
        levels, latent = pyramid(size, options), options["latent"]
        self.constant = nn.Parameter(torch.ones(1, levels[0][1], START, START))
        layers = []
        for i, (at, own) in enumerate(levels):
            cin = levels[max(i - 1, 0)][1]
            layers += [SynthesisLayer(at, cin, own, latent, first=i == 0, up=i > 0),
                       SynthesisLayer(at, own, own, latent)]
        self.layers = nn.ModuleList(layers)
        self.to_rgb = EqualConv(levels[-1][1], channels, 1, gain=1.0)
        self.styles = len(layers)

    def forward(self, styles, noise=None):
        x = self.constant.expand(len(styles[0]), -1, -1, -1)
        for layer, w in zip(self.layers, styles):
            x = layer(x, w, noise)
        return torch.tanh(self.to_rgb(x))


class Generator(nn.Module):
    """z [N, latent] -> images on the canvas, one style in all layers, with the noise that each layer keeps."""

    def __init__(self, size, channels, options, synthesis=Synthesis):
        super().__init__()
        self.mapping = Mapping(options)
        self.synthesis = synthesis(size, channels, options)
        self.register_buffer("mean_style", torch.zeros(options["latent"]))  # w̄, of truncation

    def forward(self, z):
        return self.synthesis([self.mapping(z)] * self.synthesis.styles)


class Discriminator(nn.Module):
    """
    Images -> logits [N, 1]: the generator's sizes, downwards. `residual`: with a shortcut past the layers of each size, as
    in StyleGAN2 (arXiv:1912.04958, figure 7).
    """

    def __init__(self, size, channels, options, residual=False):
        super().__init__()
        widths = [own for _, own in reversed(pyramid(size, options))]
        steps = list(zip(widths, widths[1:]))
        self.from_rgb = EqualConv(channels, widths[0], 1)
        self.convs = nn.ModuleList(EqualConv(own, own, 3) for own, _ in steps)
        self.downs = nn.ModuleList(EqualConv(own, after, 3, resample="down") for own, after in steps)
        self.shortcuts = nn.ModuleList(
            EqualConv(own, after, 1, gain=1.0, bias=False) for own, after in steps) if residual else None
        self.last = EqualConv(widths[-1] + 1, widths[-1], 3)
        self.dense = EqualLinear(START * START * widths[-1], widths[-1])
        self.out = EqualLinear(widths[-1], 1, gain=1.0)
        self.register_buffer("penalty", torch.zeros(()))  # R1 when it was last taken

    def forward(self, images):
        x = lrelu(self.from_rgb(images))
        for i, (conv, down) in enumerate(zip(self.convs, self.downs)):
            y = lrelu(down(blur(lrelu(conv(x)))))
            if self.shortcuts:
                y = (y + self.shortcuts[i](F.avg_pool2d(blur(x), 2))) / math.sqrt(2)
            x = y
        x = lrelu(self.last(with_deviation(x)))
        return self.out(lrelu(self.dense(pixels_last(x))))
