"""SN-GAN: Miyato et al. 2018, "Spectral normalization for generative adversarial networks" (arXiv:1802.05957)."""
import torch

from ..losses import LOSSES
from ..model import Family, images_only
from ..nets.residual import ResidualCritic, ResidualGenerator
from ..optimizers import adam


class Sngan(Family):
    DEFAULTS = {
        "nDis": 5, "latent": 128, "width": 128, "widthG": 256, "lr": 2e-4, "beta1": 0, "beta2": 0.9, "loss": "hinge",
    }

    def __init__(self, sample, options):
        super().__init__(images_only(sample), options)
        o = self.options
        self.generator = ResidualGenerator(sample, o["latent"], o["widthG"])
        self.discriminator = ResidualCritic(sample, o["width"], pool="sum", spectral=True)
        self.optimizers = {name: adam(network, o) for name, network in self.named_children()}

    def step(self, real, latent):
        """
        Algorithm 1 (appendix A) for each update of D, with the hinge loss (equations 16 and 17). Each pass through D takes a
        step of the power iteration: real and generated images pass it as one batch.
        """
        G, D, loss = self.generator, self.discriminator, LOSSES[self.options["loss"]]
        for _ in range(self.options["nDis"]):
            x = real()
            generated = G(latent(len(x))).detach()
            on_real, on_fake = D(torch.cat([x, generated])).chunk(2)
            loss_d = loss.discriminator(on_real, on_fake)
            self.optimizers["discriminator"].descend(loss_d)

        on_generated = D(G(latent(len(x))))
        loss_g = loss.generator(on_generated)
        self.optimizers["generator"].descend(loss_g)
        opinions = [loss.opinion(logits).mean() for logits in (on_real, on_fake, on_generated)]
        return dict(zip(("lossD", "lossG", "D(x)", "D(G(z))", "D(G(z)) after"), (loss_d, loss_g, *opinions)))
