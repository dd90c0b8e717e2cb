"""
How Ganvas names and lays out what PyTorch has: one rule for all families, by the kind of layer that owns a tensor and by the
tensor's rank. src/models/training/torchLayout.ts is the same rule from the other side.
"""
import re

from torch import nn

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.LayerNorm)
NORM_FIELDS = {"weight": "gamma", "bias": "beta", "running_var": "running_variance"}
COUNTER = "num_batches_tracked"  # of PyTorch's batch norms; used by none of ours, and not saved


def our_name(model, name):
    """`generator.norms.0.running_var` -> `generator.norms.0.runningVariance`."""
    path, _, field = name.rpartition(".")
    if isinstance(model.get_submodule(path), NORMS):
        field = NORM_FIELDS.get(field, field)
    return re.sub("_([a-z])", lambda match: match[1].upper(), f"{path}.{field}" if path else field)


def our_axes(model, name, rank):
    """The permutation that makes Ganvas' layout of PyTorch's, for the tensor called `name` by PyTorch."""
    path, _, field = name.rpartition(".")
    if field == "weight" and not isinstance(model.get_submodule(path), (nn.Embedding, *NORMS)):
        if rank == 2:
            return (1, 0)  # dense: [out, in] -> [in, out]
        if rank == 4:
            # conv: [cout, cin, kh, kw] -> [kh, kw, cin, cout]; transposed: [cin, cout, kh, kw] -> [kh, kw, cout, cin]
            return (2, 3, 1, 0)
    # Of maps the channels come first: [N, C, H, W] -> [N, H, W, C], [C, H, W] -> [H, W, C].
    return {4: (0, 2, 3, 1), 3: (1, 2, 0)}.get(rank, tuple(range(rank)))


def to_ours(model, name, tensor):
    return tensor.permute(our_axes(model, name, tensor.dim()))


def from_ours(model, name, tensor):
    axes = our_axes(model, name, tensor.dim())
    return tensor.permute([axes.index(axis) for axis in range(len(axes))])


def names_by_ours(model):
    """PyTorch's names of all tensors of a model's networks, by Ganvas' names."""
    return {our_name(model, name): name for name in model.state_dict()
            if not name.startswith("average.") and not name.endswith(COUNTER)}
