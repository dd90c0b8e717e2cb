"""Spectral normalisation of a network's layers: Miyato et al. 2018 (arXiv:1802.05957)."""
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn.utils.spectral_norm import SpectralNorm as Method

FIRST_STEPS = 15  # of the power iteration before the first use


class SpectralNorm(nn.Module):
    """
    Holds every dense and conv layer of a network to a spectral norm of about 1: they compute with W / σ(W), while what is
    trained and saved is W. Its state is u [cout] of each layer, by the layer's name: `u.blocks.0.conv1`.
    """

    def __init__(self, network):
        super().__init__()
        self.u = nn.Module()
        self.layers = [name for name, layer in network.named_modules()
                       if getattr(layer, "weight", None) is not None and layer.weight.dim() > 1]
        for name in self.layers:
            *path, last = name.split(".")
            owner = self.u
            for part in path:
                if part not in owner._modules:
                    owner.add_module(part, nn.Module())
                owner = owner._modules[part]
            owner.register_buffer(last, torch.randn(len(network.get_submodule(name).weight)))
        with torch.no_grad():
            for _ in range(FIRST_STEPS):
                self.weights(network)

    def weights(self, network):
        """W / σ(W) by the layer's name, after a step of the power iteration: PyTorch's own spectral_norm."""
        result = {}
        for name in self.layers:
            weight, u = network.get_submodule(name).weight, self.u.get_buffer(name)
            v = weight.new_zeros(weight[0].numel())
            state = SimpleNamespace(weight_orig=weight, weight_u=u, weight_v=v)
            result[name] = Method("weight").compute_weight(state, do_power_iteration=True)
        return result

    def normalised(self, network, fn):
        """Runs `fn` with W / σ(W) in the place of each layer's W."""
        own = {name: network.get_submodule(name).weight for name in self.layers}
        self.put(network, self.weights(network))
        try:
            return fn()
        finally:
            self.put(network, own)

    @staticmethod
    def put(network, weights):
        for name, weight in weights.items():
            network.get_submodule(name)._parameters["weight"] = weight
