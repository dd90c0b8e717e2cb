"""Layers and functions that the networks of several families share. Maps are [N, C, H, W], PyTorch's layout."""
import math

import torch
import torch.nn.functional as F
from torch import nn

LEAK = 0.2


def initialised(layer, init):
    """`layer` with a weight that `init` fills in place, and a bias of zeros."""
    init(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def pixels_last(x):
    """[N, C, H, W] -> [N, H W C]. Dense layers take the values of a map in this order, since Ganvas keeps channels last."""
    return x.permute(0, 2, 3, 1).flatten(1)


def to_map(y, size):
    """The way back: [N, size size C] -> [N, C, size, size]."""
    return y.reshape(len(y), size, size, -1).permute(0, 3, 1, 2)


def lrelu(x):
    return F.leaky_relu(x, LEAK)


def resampled_conv(x, weight, bias=None, resample="same"):
    """
    Nearest-neighbour upsampling before a 3x3 or 1x1 conv ("up"), the mean over 2x2 pixels after it ("down"), or neither.
    The weight of "up" is that of a transposed conv, [cin, cout, kh, kw], which mirrors the image plane.
    """
    if resample == "up":
        x, weight = F.interpolate(x, scale_factor=2, mode="nearest"), weight.transpose(0, 1).flip(2, 3)
    y = F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
    return F.avg_pool2d(y, 2) if resample == "down" else y


def weight_shape(cin, cout, kernel, resample):
    return (cin, cout, kernel, kernel) if resample == "up" else (cout, cin, kernel, kernel)


def blur(x):
    """Each map smoothed by [1, 2, 1] / 4 both ways, with zeros around it."""
    line = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype, device=x.device) / 4
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(x, kernel, padding=1, groups=x.shape[1])


class Canvas:
    """
    Images are centred on a canvas whose size is the next power of two, -1 around them, for D to see; of what G makes,
    the frame is cut off again.
    """

    def __init__(self, image):
        if image["size"] < 5:
            raise ValueError(f"the networks start from 4x4 pixels: the size must be at least 5, got {image['size']}")
        self.image = image["size"]
        self.size = 2 ** math.ceil(math.log2(self.image))
        self.before = (self.size - self.image) // 2
        self.after = self.size - self.image - self.before

    def put(self, images):
        return F.pad(images, [self.before, self.after] * 2, value=-1.0)

    def cut(self, canvas):
        inside = slice(self.before, self.before + self.image)
        return canvas[:, :, inside, inside]
