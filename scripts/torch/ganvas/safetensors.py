"""
The safetensors file format: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes. F32 only.
"""
import json
import os
import struct

import numpy
import torch


def read(path):
    """
    Tensors by name, in the file's order, and its metadata. Raises ValueError naming the file and what is wrong with it.
    """
    with open(path, "rb") as file:
        data = file.read()
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8:8 + length])
        metadata = header.pop("__metadata__", {})
    except (struct.error, ValueError, AttributeError) as error:
        raise ValueError(f"{path}: is not a safetensors file ({error})") from None
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} has type {entry['dtype']}; only F32 is supported")
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        if end > len(data):
            raise ValueError(f"{path}: truncated: {name} ends at byte {end} of {len(data)}")
        values = numpy.frombuffer(data[begin:end], "<f4").copy()
        tensors[name] = torch.from_numpy(values).reshape(entry["shape"])
    return tensors, metadata


def write(path, tensors, metadata):
    """Writes tensors by name, as F32, and metadata, strings by name: the whole file or none."""
    header, parts, offset = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        values = tensor.detach().cpu().to(torch.float32).contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(values)]}
        parts.append(values)
        offset += len(values)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    aside = f"{path}.tmp"
    with open(aside, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
    os.replace(aside, path)
