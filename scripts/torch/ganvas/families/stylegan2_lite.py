"""
StyleGAN2: Karras, Laine, Aittala, Hellsten, Lehtinen & Aila 2019, "Analyzing and improving the image quality of StyleGAN"
(arXiv:1912.04958), scaled to small images.
"""
import math

import torch

from ..nets.stylegan import Discriminator
from ..nets.stylegan2 import SkipGenerator
from .stylegan_lite import StyleganLite

PATH_SHARE = 2  # path lengths are taken of a share of the batch, to save memory


def path_lengths(images, styles, y):
    """‖J_wᵀ y‖₂ of each image (section 3.2, equation 4), squares averaged over the layers' styles: [N]."""
    product = (images * y).sum() / math.sqrt(images.shape[2] * images.shape[3])
    slopes = torch.autograd.grad(product, styles, create_graph=True)
    return torch.stack([slope.square().sum(dim=1) for slope in slopes]).mean(dim=0).sqrt()


class Stylegan2Lite(StyleganLite):
    DEFAULTS = {**StyleganLite.DEFAULTS, "lr": 2e-3, "r1Every": 16, "pathEvery": 8, "pathWeight": 2, "pathDecay": 0.99}

    def networks(self, size, channels):
        return (SkipGenerator(size, channels, self.options),
                Discriminator(size, channels, self.options, residual=True))

    def step(self, real, latent, noise=torch.randn):
        """StyleGAN-lite's step; `path` is the mean path length a."""
        metrics = super().step(real, latent, noise)
        return {**metrics, "path": self.generator.path_length.clone()}

    def regularizer(self, latent, count, noise):
        """
        Path length regularisation (section 3.2): γ_pl E (‖J_wᵀ y‖₂ - a)², every so many steps and then so many times as much.
        """
        G, o = self.generator, self.options
        if self.optimizers["generator"].updates % o["pathEvery"]:
            return 0
        m = max(1, count // PATH_SHARE)
        # One style may serve many layers: each layer's gradient is asked for by a tensor of its own.
        styles = [w.clone() for w in self.styles(latent, m)]
        images = G.synthesis(styles, noise)
        lengths = path_lengths(images, styles, noise(images.shape))
        G.path_length.lerp_(lengths.detach().mean(), 1 - o["pathDecay"])
        penalty = (lengths - G.path_length).square().mean()
        return o["pathWeight"] * o["pathEvery"] * penalty
