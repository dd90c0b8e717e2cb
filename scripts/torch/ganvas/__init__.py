"""Ganvas' families of models once more in PyTorch: the same networks, steps and checkpoints. See docs/torch.md."""
