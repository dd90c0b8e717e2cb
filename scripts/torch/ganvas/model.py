"""What all families share."""
import torch
from torch import nn


def is_image(sample):
    """A sample is an image, {size, channels}, or a point, {dims, unit}; with labels it has {classes}, too."""
    return "channels" in sample


class Family(nn.Module):
    """
    A model of one paper. It sets its networks as attributes, `optimizers` by name, and perhaps `average`; `step` trains
    once. Options have the names and defaults of the TypeScript family.
    """

    DEFAULTS = {}
    LABELLED = False
    """Whether it takes labels, too."""

    def __init__(self, sample, options):
        super().__init__()
        unknown = [name for name in options if name not in self.DEFAULTS]
        if unknown:
            raise ValueError(f"no option {', '.join(unknown)}; there are {', '.join(self.DEFAULTS)}")
        self.sample_size = sample
        self.options = {**self.DEFAULTS, **options}

    def latents(self, count):
        """z [count, latent], the family's own distribution."""
        return torch.randn(count, self.options["latent"])

    def step(self, real, latent):
        """
        Trains once, on samples from `real()`, with their labels where the family takes these, and latents from
        `latent(count)`. Returns scalars by name. Families that draw more than latents take another source of random
        numbers.
        """
        raise NotImplementedError

    @torch.no_grad()
    def sample(self, z, *told):
        """Samples of latents z and whatever else G is told, each by itself: batch norm takes its running statistics."""
        average = getattr(self, "average", None)
        network = average["generator"] if average else self.generator
        training = network.training
        try:
            return self.finished(network.eval()(z, *told))
        finally:
            network.train(training)

    def finished(self, samples):
        """What becomes of the generator's result before it is shown."""
        return samples


def images_only(sample):
    if not is_image(sample):
        raise ValueError("this family makes images, not points")
    return sample
