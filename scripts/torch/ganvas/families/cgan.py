"""Conditional GAN: Mirza & Osindero 2014, "Conditional generative adversarial nets" (arXiv:1411.1784)."""
import torch

from ..losses import LOSSES
from ..model import Family, images_only
from ..nets.conditional import LabelledDenseDiscriminator, LabelledDiscriminator, LabelledGenerator
from ..nets.mlp import MlpDiscriminator, MlpGenerator, values_in
from ..optimizers import adam
from .dcgan import Discriminator, Generator


class Cgan(Family):
    DEFAULTS = {
        "dense": False, "latent": 100, "embedding": 16, "width": 64, "depth": 2, "pieces": 5, "lr": 2e-4, "beta1": 0.5,
        "beta2": 0.999, "loss": "nonSaturating",
    }
    LABELLED = True

    def __init__(self, sample, options):
        super().__init__(images_only(sample), options)
        if "classes" not in sample:
            raise ValueError("this family takes labels, too")
        o, classes = self.options, sample["classes"]
        size = o["embedding"]
        sizes = {**o, "latent": o["latent"] + size}
        self.generator = LabelledGenerator(classes, size, (MlpGenerator if o["dense"] else Generator)(sample, sizes))
        if o["dense"]:
            net = MlpDiscriminator({"dims": values_in(sample) + size, "unit": 1}, o, o["pieces"])
            self.discriminator = LabelledDenseDiscriminator(classes, size, net)
        else:
            net = Discriminator({**sample, "channels": sample["channels"] + size}, o)
            self.discriminator = LabelledDiscriminator(classes, size, net)
        self.optimizers = {name: adam(network, o) for name, network in self.named_children()}

    def step(self, real, latent):
        """Equation 2, by algorithm 1 of Goodfellow et al. 2014 with k = 1; `real` gives images and labels."""
        G, D, loss = self.generator, self.discriminator, LOSSES[self.options["loss"]]
        x, y = real()
        generated = G(latent(len(x)), y)
        on_real, on_fake = D(x, y), D(generated.detach(), y)
        loss_d = loss.discriminator(on_real, on_fake)
        self.optimizers["discriminator"].descend(loss_d)

        on_generated = D(generated, y)
        loss_g = loss.generator(on_generated)
        self.optimizers["generator"].descend(loss_g)
        opinions = [loss.opinion(logits).mean() for logits in (on_real, on_fake, on_generated)]
        return dict(zip(("lossD", "lossG", "D(x|y)", "D(G(z|y))", "D(G(z|y)) after"), (loss_d, loss_g, *opinions)))

    @torch.no_grad()
    def sample(self, z, labels=None):
        """Samples of latents z and labels [N]; of one class after the other if left out."""
        return super().sample(z, torch.arange(len(z)) % self.sample_size["classes"] if labels is None else labels)
