"""Optimisers of torch.optim that count their updates, and averages of networks."""
import copy

import torch


class Optimizer:
    """
    `rule` of torch.optim over `parameters`. `lr` is a number, or a function of how many updates were made before.
    """

    def __init__(self, rule, parameters, lr, **settings):
        self.parameters = list(parameters)
        self.rate = lr if callable(lr) else lambda _: lr
        self.rule = rule(self.parameters, lr=self.rate(0), **settings)
        self.updates = 0

    def descend(self, loss):
        """Makes one update by the gradients of `loss`, which are returned in the order of the parameters."""
        gradients = torch.autograd.grad(loss, self.parameters)
        for parameter, gradient in zip(self.parameters, gradients):
            parameter.grad = gradient
        for group in self.rule.param_groups:
            group["lr"] = self.rate(self.updates)
        self.rule.step()
        self.updates += 1
        return gradients

    @torch.no_grad()
    def clip(self, limit):
        """Clips every parameter to [-limit, limit]."""
        for parameter in self.parameters:
            parameter.clamp_(-limit, limit)


def adam(network, options, lr=None):
    """Adam with a family's `lr`, `beta1` and `beta2`; `lr` here takes the place of theirs."""
    betas = (options["beta1"], options["beta2"])
    return Optimizer(torch.optim.Adam, network.parameters(), options["lr"] if lr is None else lr, betas=betas)


def falling(lr, decay_steps):
    """`lr`, falling evenly to a hundredth of itself over `decay_steps` updates (0: never)."""
    return lambda updates: lr * max(0.01, 1 - updates / decay_steps) if decay_steps else lr


class Average(torch.nn.ModuleDict):
    """Copies of some networks, by name, that follow them: a = decay a + (1 - decay) p. What is not trained is copied."""

    def __init__(self, decay, **networks):
        super().__init__({name: copy.deepcopy(network) for name, network in networks.items()})
        self.requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def follow(self, **networks):
        for name, network in networks.items():
            for average, now in zip(self[name].parameters(), network.parameters()):
                average.mul_(self.decay).add_(now, alpha=1 - self.decay)
            for average, now in zip(self[name].buffers(), network.buffers()):
                average.copy_(now)
