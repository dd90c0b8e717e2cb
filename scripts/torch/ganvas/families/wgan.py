"""WGAN: Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN" (arXiv:1701.07875)."""
import torch

from ..losses import WASSERSTEIN
from ..model import Family
from ..nets.networks import networks_for
from ..optimizers import Optimizer


class Wgan(Family):
    DEFAULTS = {"lr": 5e-5, "clip": 0.01, "nCritic": 5, "latent": 100, "width": 64, "depth": 2}

    def __init__(self, sample, options):
        super().__init__(sample, options)
        self.generator, self.critic = networks_for(sample, self.options)
        self.optimizers = {name: Optimizer(torch.optim.RMSprop, network.parameters(), self.options["lr"])
                           for name, network in self.named_children()}

    def step(self, real, latent):
        """Algorithm 1."""
        g, f = self.generator, self.critic
        for _ in range(self.options["nCritic"]):  # 2: for t = 0, ..., n_critic do
            x = real()  # 3: Sample {x} ~ P_r a batch from the real data
            z = latent(len(x))  # 4: Sample {z} ~ p(z) a batch of prior samples
            on_real, on_fake = f(x), f(g(z).detach())
            loss_d = WASSERSTEIN.discriminator(on_real, on_fake)  # 5, of its negative, to descend
            self.optimizers["critic"].descend(loss_d)  # 6: w ← w + α RMSProp(w, g_w)
            self.optimizers["critic"].clip(self.options["clip"])  # 7: w ← clip(w, -c, c)

        loss_g = WASSERSTEIN.generator(f(g(latent(len(x)))))  # 9 and 10
        self.optimizers["generator"].descend(loss_g)  # 11: θ ← θ - α RMSProp(θ, g_θ)
        return {"lossD": loss_d, "lossG": loss_g, "W": on_real.mean() - on_fake.mean()}
