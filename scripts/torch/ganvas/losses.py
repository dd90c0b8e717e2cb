"""
GAN losses as pairs, on logits (a critic's are unbounded scores), averaged over the batch, as in
src/models/training/losses.ts.
"""
from typing import Callable, NamedTuple, Optional

import torch.nn.functional as F
from torch import Tensor


class Loss(NamedTuple):
    """What D minimises, from its logits on real and on generated samples; what G minimises, from those on generated ones."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    opinion: Optional[Callable[[Tensor], Tensor]] = None
    """D(x), from 0 to 1, of logits; a critic has none."""


def logistic(real, fake):
    """D maximises log σ(D(x)) + log(1 - σ(D(G(z)))): Goodfellow et al. 2014, equation 1 (arXiv:1406.2661)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


LOSSES = {
    # G maximises log σ(D(G(z))): section 3, below algorithm 1.
    "nonSaturating": Loss(logistic, lambda fake: F.softplus(-fake).mean(), lambda a: a.sigmoid()),
    # G minimises log(1 - σ(D(G(z)))): equation 1.
    "minimax": Loss(logistic, lambda fake: -F.softplus(fake).mean(), lambda a: a.sigmoid()),
    # Binary cross-entropy with the label "real": softplus(a) - a.
    "flipped": Loss(logistic, lambda fake: (F.softplus(fake) - fake).mean(), lambda a: a.sigmoid()),
    # Mao et al. 2016, equation 9 (arXiv:1611.04076).
    "leastSquares": Loss(
        lambda real, fake: ((real - 1).square().mean() + fake.square().mean()) / 2,
        lambda fake: (fake - 1).square().mean() / 2,
        lambda a: a.clamp(0, 1)),
    # Lim & Ye 2017 (arXiv:1705.02894).
    "hinge": Loss(
        lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
        lambda fake: -fake.mean(),
        lambda a: ((a + 1) / 2).clamp(0, 1)),
}

# Critic: E f(G(z)) - E f(x); G: -E f(G(z)). Arjovsky et al. 2017, equations 2 and 3 (arXiv:1701.07875).
WASSERSTEIN = Loss(lambda real, fake: fake.mean() - real.mean(), lambda fake: -fake.mean())
