"""The networks of families whose papers leave them open: DCGAN's or residual ones for images, perceptrons for points."""
from ..families.dcgan import Discriminator, Generator
from ..model import is_image
from .mlp import MlpDiscriminator, MlpGenerator
from .residual import ResidualCritic, ResidualGenerator


def networks_for(sample, options, norm=True):
    """A generator, and a critic whose output has no sigmoid; `norm`: batch norm in DCGAN's critic, too."""
    residual = options.get("residual", 0)
    if residual not in (0, 1):
        raise ValueError(f"residual: expected 1 for residual networks or 0, got {residual}")
    if residual:
        if not is_image(sample):
            raise ValueError("residual networks make images, not points")
        width = options["width"]
        return (ResidualGenerator(sample, options["latent"], width),
                ResidualCritic(sample, width, pool="mean"))
    if is_image(sample):
        return Generator(sample, options), Discriminator(sample, options, norm)
    return MlpGenerator(sample, options), MlpDiscriminator(sample, options)
