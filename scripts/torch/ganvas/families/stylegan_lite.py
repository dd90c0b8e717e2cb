"""
StyleGAN: Karras, Laine & Aila 2018, "A style-based generator architecture for generative adversarial networks"
(arXiv:1812.04948), scaled to small images, all sizes trained at once.
"""
import torch

from ..layers import Canvas
from ..losses import LOSSES
from ..model import Family, images_only
from ..nets.stylegan import Discriminator, Generator
from ..optimizers import Average, adam


class StyleganLite(Family):
    DEFAULTS = {
        "latent": 128, "depth": 8, "mappingLr": 0.01, "width": 64, "maxWidth": 512, "gamma": 10, "r1Every": 1, "mixing": 0.9,
        "lr": 1e-3, "beta1": 0, "beta2": 0.99, "emaDecay": 0.999, "styleDecay": 0.995,
        "loss": "nonSaturating",
    }

    def __init__(self, sample, options):
        super().__init__(images_only(sample), options)
        self.canvas = Canvas(sample)
        self.generator, self.discriminator = self.networks(self.canvas.size, sample["channels"])
        self.optimizers = {name: adam(network, self.options) for name, network in self.named_children()}
        self.average = Average(self.options["emaDecay"], generator=self.generator)

    def networks(self, size, channels):
        return Generator(size, channels, self.options), Discriminator(size, channels, self.options)

    def finished(self, samples):
        return self.canvas.cut(samples)

    def step(self, real, latent, noise=torch.randn):
        """
        Non-saturating loss with R1 (appendix C), reported as last taken. G is trained on the images that D was, against the
        updated D. `noise` draws a shape.
        """
        G, D, o, loss = self.generator, self.discriminator, self.options, LOSSES[self.options["loss"]]
        x = self.canvas.put(real())
        generated = G.synthesis(self.styles(latent, len(x)), noise)

        penalised = self.optimizers["discriminator"].updates % o["r1Every"] == 0
        points = x.detach().requires_grad_(penalised)
        on_real, on_fake = D(points), D(generated.detach())
        loss_d = total = loss.discriminator(on_real, on_fake)
        if penalised:
            (slope,) = torch.autograd.grad(on_real.sum(), points, create_graph=True)
            penalty = o["gamma"] / 2 * slope.square().sum(dim=(1, 2, 3)).mean()
            total = loss_d + o["r1Every"] * penalty
            D.penalty.copy_(penalty.detach())
        self.optimizers["discriminator"].descend(total)

        on_generated = D(generated)
        loss_g = loss.generator(on_generated)
        self.optimizers["generator"].descend(loss_g + self.regularizer(latent, len(x), noise))
        self.average.follow(generator=G)
        opinions = [loss.opinion(logits).mean() for logits in (on_real, on_fake, on_generated)]
        return {"lossD": loss_d, "lossG": loss_g, "R1": D.penalty.clone(),
                **dict(zip(("D(x)", "D(G(z))", "D(G(z)) after"), opinions))}

    def regularizer(self, latent, count, noise):
        """What is added to G's loss; not part of what is reported."""
        return 0

    def styles(self, latent, count):
        """Styles of fresh latents for all layers, mixed (section 3.1); w̄ follows them."""
        G, o = self.generator, self.options
        layers = G.synthesis.styles
        w = G.mapping(latent(count))
        G.mean_style.lerp_(w.detach().mean(dim=0), 1 - o["styleDecay"])
        if o["mixing"] == 0:
            return [w] * layers
        mixed = torch.rand(()) < o["mixing"]
        crossover = int(torch.randint(1, layers, ())) if mixed else layers
        other = G.mapping(latent(count))
        return [w] * crossover + [other] * (layers - crossover)
