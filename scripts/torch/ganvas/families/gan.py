"""GAN: Goodfellow et al. 2014, "Generative adversarial nets" (arXiv:1406.2661)."""
from ..losses import LOSSES
from ..model import Family
from ..nets.mlp import MlpDiscriminator, MlpGenerator
from ..optimizers import Average, adam, falling


class Gan(Family):
    DEFAULTS = {
        "k": 1, "latent": 100, "width": 256, "depth": 2, "pieces": 2, "lr": 2e-4, "beta1": 0.5, "beta2": 0.999,
        "decaySteps": 0, "emaDecay": 0, "loss": "nonSaturating",
    }

    def __init__(self, sample, options):
        super().__init__(sample, options)
        o = self.options
        self.generator = MlpGenerator(sample, o)
        self.discriminator = MlpDiscriminator(sample, o, o["pieces"])
        self.optimizers = {
            "generator": adam(self.generator, o, falling(o["lr"], o["decaySteps"])),
            "discriminator": adam(self.discriminator, o, falling(o["lr"], o["decaySteps"] * o["k"])),
        }
        if o["emaDecay"]:
            self.average = Average(o["emaDecay"], generator=self.generator)

    def step(self, real, latent):
        """Algorithm 1."""
        G, D, loss = self.generator, self.discriminator, LOSSES[self.options["loss"]]
        for _ in range(self.options["k"]):
            x = real()  # Sample minibatch of m examples from the data generating distribution.
            z = latent(len(x))  # Sample minibatch of m noise samples from noise prior p_g(z).
            on_real, on_fake = D(x), D(G(z).detach())
            loss_d = loss.discriminator(on_real, on_fake)
            self.optimizers["discriminator"].descend(loss_d)

        on_generated = D(G(latent(len(x))))
        loss_g = loss.generator(on_generated)
        self.optimizers["generator"].descend(loss_g)
        if self.options["emaDecay"]:
            self.average.follow(generator=G)
        opinions = [loss.opinion(logits).mean() for logits in (on_real, on_fake, on_generated)]
        return dict(zip(("lossD", "lossG", "D(x)", "D(G(z))", "D(G(z)) after"), (loss_d, loss_g, *opinions)))
