"""
A model with its training state in a file. `save` writes names and layouts as PyTorch has them, for `npm run import`; `load`
reads that, which `npm run export` writes too, and checkpoints of Ganvas' own.
"""
import json

import torch

from . import safetensors
from .data import sample_size
from .families import find
from .layouts import COUNTER, from_ours, names_by_ours

# Of each rule: PyTorch's name of what Ganvas keeps by its own.
SLOTS = {
    torch.optim.SGD: {"v": "momentum_buffer"},
    torch.optim.RMSprop: {"v": "square_avg"},
    torch.optim.Adam: {"m": "exp_avg", "v": "exp_avg_sq"},
}


def build(config):
    """A new model of a configuration as Ganvas' checkpoints have it. Raises ValueError for what the twins do not have."""
    if config.get("aids"):
        raise ValueError(f"the twins have no regularisers and tricks: {', '.join(config['aids'])}")
    return find(config["model"])(sample_size(config["fields"]), config["options"])


def load(path):
    """
    The model in a file, and its metadata: config, step, and random, the state of Ganvas' random numbers, if there is one.
    Raises ValueError naming the file when it is not a whole state of a family.
    """
    tensors, texts = safetensors.read(path)
    if "config" not in texts:
        raise ValueError(f"{path}: its metadata have no config")
    metadata = {key: json.loads(texts[key]) for key in ("config", "step", "random", "updates") if key in texts}
    updates = metadata.pop("updates", {})
    try:
        model = build(metadata["config"])
        if texts.get("format", "").startswith("ganvas"):
            tensors = from_checkpoint(model, tensors)
        load_state(model, tensors, updates)
    except (RuntimeError, ValueError) as error:  # PyTorch's and ours, of what does not fit
        raise ValueError(f"{path}: {error}") from None
    return model, metadata


def save(path, model, metadata):
    """Writes a model, its optimisers and `metadata`, as `load` gives them."""
    updates = {name: optimizer.updates for name, optimizer in model.optimizers.items()}
    texts = {key: json.dumps(value) for key, value in {**metadata, "updates": updates}.items()}
    safetensors.write(path, state(model), {"format": "pt", **texts})


def parameter_names(model):
    """The name of each parameter that is trained."""
    return {parameter: name for name, parameter in model.named_parameters() if not name.startswith("average.")}


def optimizer_state(model):
    """What the optimisers keep, by name: (optimiser's key, parameter, PyTorch's name of the slot)."""
    names = parameter_names(model)
    return {f"optimizer.{key}.{slot}.{names[parameter]}": (key, parameter, slot)
            for key, optimizer in model.optimizers.items()
            for slot in SLOTS[type(optimizer.rule)].values()
            for parameter in optimizer.parameters}


def state(model):
    """Everything that a file holds, by name: networks, averages, optimisers."""
    tensors = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith(COUNTER)}
    for name, (key, parameter, slot) in optimizer_state(model).items():
        tensors[name] = model.optimizers[key].rule.state[parameter].get(slot, torch.zeros_like(parameter))
    return tensors


def load_state(model, tensors, updates):
    """Takes over everything of `state`, strictly; a file may lack the optimisers, which then begin anew."""
    given = {name for name in tensors if name.startswith("optimizer.")}
    model.load_state_dict({name: tensor for name, tensor in tensors.items() if name not in given}, strict=True)
    places = optimizer_state(model) if given else {}
    if given != set(places):
        raise ValueError(f"the optimisers' state differs in {', '.join(sorted(given ^ set(places)))}")
    for name, (key, parameter, slot) in places.items():
        own = model.optimizers[key].rule.state[parameter]
        own[slot] = tensors[name].to(parameter)
        own["step"] = torch.tensor(float(updates[key]))
        model.optimizers[key].updates = updates[key]


def from_checkpoint(model, tensors):
    """A checkpoint of Ganvas' under PyTorch's names, in its layouts. Raises ValueError for a name that the model has not."""
    names = names_by_ours(model)
    parameters = parameter_names(model)
    # Averages and optimisers number the parameters in Ganvas' order, which is that of the networks in the file.
    trained = set(parameters.values())
    order = [names[name] for name in tensors if names.get(name) in trained]
    for network in getattr(model, "average", {}):
        own = [name for name in order if name.startswith(f"{network}.")]
        names.update({f"average.{network}.{i}": f"average.{name}" for i, name in enumerate(own)})
    for key, optimizer in model.optimizers.items():
        mine = {parameters[parameter] for parameter in optimizer.parameters}
        own = [name for name in order if name in mine]
        for slot, theirs in SLOTS[type(optimizer.rule)].items():
            names.update({f"optimizer.{key}.{slot}.{i}": f"optimizer.{key}.{theirs}.{name}" for i, name in enumerate(own)})
    unknown = [name for name in tensors if name not in names]
    if unknown:
        raise ValueError(f"the model has no {', '.join(unknown)}")
    found = {}
    for name, tensor in tensors.items():
        torchs = names[name]
        parameter = torchs.split(".", 3)[3] if torchs.startswith("optimizer.") else torchs
        found[torchs] = from_ours(model, parameter, tensor)
    # A copy of a network that is averaged has the network's other tensors.
    copies = {name: found[name[len("average."):]] for name, _ in model.named_buffers()
              if name.startswith("average.") and not name.endswith(COUNTER)}
    return {**copies, **found}
