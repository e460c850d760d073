"""Stands in for what datatrove imports beyond numpy and never calls in what the oracles ask of it: `import stubs` before datatrove."""

import importlib.abc
import importlib.machinery
import sys
from unittest.mock import MagicMock

STUBS = ("loguru", "regex", "huggingface_hub", "fsspec", "humanize", "dill", "multiprocess", "tqdm", "rich", "orjson")


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in STUBS:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return MagicMock(__path__=[], __spec__=spec, __name__=spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Stubs())
