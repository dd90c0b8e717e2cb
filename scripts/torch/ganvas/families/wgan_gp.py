"""WGAN-GP: Gulrajani et al. 2017, "Improved training of Wasserstein GANs" (arXiv:1704.00028)."""
import torch

from ..losses import WASSERSTEIN
from ..model import Family
from ..nets.networks import networks_for
from ..optimizers import adam, falling


class WganGp(Family):
    DEFAULTS = {
        "lambda": 10, "nCritic": 5, "lr": 1e-4, "beta1": 0, "beta2": 0.9, "decaySteps": 0,
        "latent": 100, "width": 64, "depth": 2, "residual": False,
    }

    def __init__(self, sample, options):
        super().__init__(sample, options)
        o = self.options
        self.generator, self.critic = networks_for(sample, o, norm=False)
        self.optimizers = {
            "generator": adam(self.generator, o, falling(o["lr"], o["decaySteps"])),
            "critic": adam(self.critic, o, falling(o["lr"], o["decaySteps"] * o["nCritic"])),
        }

    def step(self, real, latent, random=torch.rand):
        """Algorithm 1; `random` draws ε."""
        G, D = self.generator, self.critic
        for _ in range(self.options["nCritic"]):  # 2: for t = 1, ..., n_critic do
            x = real()  # 4: Sample real data x ~ P_r,
            z = latent(len(x))  #    latent variable z ~ p(z),
            epsilon = random(len(x)).reshape(-1, *[1] * (x.dim() - 1))  #    a random number ε ~ U[0, 1].
            x_tilde = G(z).detach()  # 5: x̃ ← G_θ(z)
            x_hat = (epsilon * x + (1 - epsilon) * x_tilde).requires_grad_()  # 6: x̂ ← ε x + (1 - ε) x̃
            # 7: L ← D_w(x̃) - D_w(x) + λ (‖∇_x̂ D_w(x̂)‖₂ - 1)²
            on_real, on_fake = D(x), D(x_tilde)
            (slope,) = torch.autograd.grad(D(x_hat).sum(), x_hat, create_graph=True)
            penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
            loss_d = WASSERSTEIN.discriminator(on_real, on_fake) + self.options["lambda"] * penalty
            self.optimizers["critic"].descend(loss_d)  # 9: w ← Adam(∇_w 1/m Σ L, w, α, β1, β2)

        loss_g = WASSERSTEIN.generator(D(G(latent(len(x)))))  # 11
        self.optimizers["generator"].descend(loss_g)  # 12: θ ← Adam(∇_θ 1/m Σ -D_w(G_θ(z)), θ, α, β1, β2)
        return {"lossD": loss_d, "lossG": loss_g, "W": on_real.mean() - on_fake.mean(), "penalty": penalty}
