"""
The PyTorch side of twins.test.ts: reads what Ganvas wrote into the folders of DIR, and writes what the twins make of it.

In each folder: theirs.safetensors and checkpoint.safetensors, the same state in PyTorch's form and in Ganvas'; z.npy. Written:
samples.npy of z; trained.safetensors after a step more, and after.npy, its samples; report.json.
"""
import json
import sys
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts/torch"))
from ganvas import checkpoint  # noqa: E402
from ganvas.families import NAMES, find  # noqa: E402

VALUES = 500  # of a weight whose spread is compared


def drawn(model, z):
    """Samples of z, channels last."""
    samples = model.sample(z)
    return (samples.permute(0, 2, 3, 1) if samples.dim() == 4 else samples).contiguous().numpy()


def compare(folder):
    z = torch.from_numpy(numpy.load(folder / "z.npy"))
    model, metadata = checkpoint.load(folder / "theirs.safetensors")
    own, _ = checkpoint.load(folder / "checkpoint.safetensors")
    ours, theirs = checkpoint.state(own), checkpoint.state(model)
    differing = [name for name in ours.keys() | theirs.keys() if not torch.equal(ours[name], theirs[name])]
    numpy.save(folder / "samples.npy", drawn(model, z))

    # Of what both draw at the beginning: how far the spread of the values is apart.
    fresh = checkpoint.build(metadata["config"]).state_dict()
    spreads = {name: abs(fresh[name].std() / value.std() - 1).item() for name, value in model.state_dict().items()
               if value.dim() > 1 and value.numel() >= VALUES and not name.startswith("average.")}

    before = {name: optimizer.updates for name, optimizer in model.optimizers.items()}
    size = model.sample_size
    shape = (size["channels"], size["size"], size["size"]) if "size" in size else (size["dims"],)

    def real():
        x = torch.rand(4, *shape) * 2 - 1
        return (x, torch.randint(size["classes"], (4,))) if "classes" in size else x

    metrics = model.step(real, model.latents)
    checkpoint.save(folder / "trained.safetensors", model, {**metadata, "step": metadata["step"] + 1})
    numpy.save(folder / "after.npy", drawn(model, z))
    return {"differing": differing, "spreads": spreads, "before": before, "step": metadata["step"],
            "metrics": {name: value.item() for name, value in metrics.items()}}


def main():
    torch.manual_seed(0)
    for folder in filter(Path.is_dir, Path(sys.argv[1]).iterdir()):
        (folder / "report.json").write_text(json.dumps(compare(folder)))
    families = {name: find(name).DEFAULTS for name in NAMES}
    (Path(sys.argv[1]) / "families.json").write_text(json.dumps(families))


if __name__ == "__main__":
    main()
