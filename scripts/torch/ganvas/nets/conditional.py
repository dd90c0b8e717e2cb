"""
Networks that are told the class: an embedding of it beside z, and as further channels of images (Chintala et al. 2016, point
16).
"""
import torch
from torch import nn

from ..layers import pixels_last


class LabelledGenerator(nn.Module):
    """z [N, latent] and labels [N] -> samples: `net` takes z with the embedding behind it."""

    def __init__(self, classes, size, net):
        super().__init__()
        self.embedding = nn.Embedding(classes, size)
        self.net = net

    def forward(self, z, labels):
        return self.net(torch.cat([z, self.embedding(labels)], 1))


class LabelledDiscriminator(nn.Module):
    """Images and labels [N] -> logits [N, 1]: `net` takes images with the embedding as further channels."""

    def __init__(self, classes, size, net):
        super().__init__()
        self.embedding = nn.Embedding(classes, size)
        self.net = net

    def forward(self, x, labels):
        planes = self.embedding(labels)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.net(torch.cat([x, planes], 1))


class LabelledDenseDiscriminator(LabelledDiscriminator):
    """The same of images whose pixels lie end to end: the embedding comes behind them."""

    def forward(self, x, labels):
        return self.net(torch.cat([pixels_last(x), self.embedding(labels)], 1))
