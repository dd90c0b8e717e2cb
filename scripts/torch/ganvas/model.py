"""What all families share."""
import torch
from torch import nn


def is_image(sample):
    """A sample is an image, {size, channels}, or a point, {dims, unit}."""
    return "channels" in sample


class Family(nn.Module):
    """
    A model of one paper. It sets its networks as attributes, `optimizers` by name, and perhaps `average`; `step` trains
    once. Options have the names and defaults of the TypeScript family.
    """

    DEFAULTS = {}
    LOSS = None
    """The paper's, of those in losses.py; None where the paper leaves no choice."""

    def __init__(self, sample, options, loss=None):
        super().__init__()
        unknown = [name for name in options if name not in self.DEFAULTS]
        if unknown:
            raise ValueError(f"no option {', '.join(unknown)}; there are {', '.join(self.DEFAULTS)}")
        if loss is not None and self.LOSS is None:
            raise ValueError(f"loss {loss}: the paper leaves no choice")
        self.sample_size = sample
        self.options = {**self.DEFAULTS, **options}
        self.loss_name = loss or self.LOSS

    def latents(self, count):
        """z [count, latent], the family's own distribution."""
        return torch.randn(count, self.options["latent"])

    def step(self, real, latent):
        """
        Trains once, on samples from `real()` and latents from `latent(count)`. Returns scalars by name. Families that draw
        more than latents take another source of random numbers.
        """
        raise NotImplementedError

    @torch.no_grad()
    def sample(self, z):
        """Samples of latents z, each by itself: batch norm takes its running statistics."""
        average = getattr(self, "average", None)
        network = average["generator"] if average else self.generator
        training = network.training
        try:
            return self.finished(network.eval()(z))
        finally:
            network.train(training)

    def finished(self, samples):
        """What becomes of the generator's result before it is shown."""
        return samples


def images_only(sample):
    if not is_image(sample):
        raise ValueError("this family makes images, not points")
    return sample
