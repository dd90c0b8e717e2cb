"""The families, a file each: `find` knows them by the names that the commands have."""
import importlib
from pathlib import Path

from ..model import Family

NAMES = sorted(path.stem.replace("_", "-") for path in Path(__file__).parent.glob("[!_]*.py"))


def find(name):
    """The class of a family. Raises ValueError for a name that is none."""
    if name not in NAMES:
        raise ValueError(f"no family '{name}'; there are {', '.join(NAMES)}")
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return next(value for value in vars(module).values()
                if isinstance(value, type) and issubclass(value, Family) and value.__module__ == module.__name__)
