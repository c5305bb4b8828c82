"""The twin of examples/dp_sgd.ts, with torch.func."""

import torch
from experiment import experiment
from torch import nn
from torch.func import functional_call, grad, vmap

run = experiment()
FEATURES, CLASSES, TRAIN, LOT, CLIP, LR = 20, 4, 2000, 200, 1, 0.5
# The centres are equally far apart for every seed, so that no seed is easier than others.
means = torch.eye(CLASSES, FEATURES) * 5**0.5


def samples(count):
    y = torch.randint(0, CLASSES, (count,))
    x = means[y] + torch.randn(count, FEATURES)
    outlier = torch.rand(count, 1) < 0.02
    wrong = torch.randint(0, CLASSES, (count,)) * outlier.squeeze(1)
    return x + torch.randn_like(x) * 20 * outlier, (y + wrong) % CLASSES


(x, y), (test_x, test_y) = samples(TRAIN), samples(10000)


def clipped(g):
    return g / (g.norm(dim=-1, keepdim=True) / CLIP).clamp(min=1)


def trained(noise, each):
    model = nn.Sequential(nn.Linear(FEATURES, 32), nn.Tanh(), nn.Linear(32, CLASSES))
    params = {name: p.detach() for name, p in model.named_parameters()}

    def loss(own, x, y):
        output = functional_call(model, own, x.unsqueeze(0))
        return nn.functional.cross_entropy(output, y.unsqueeze(0))

    gradients = vmap(grad(loss), (None, 0, 0))

    def bounded(sums):
        return sums if each else clipped(sums / LOT) * LOT

    influence = 0
    for _ in range(40 if run.quick else 200):
        lot = (torch.rand(TRAIN) < LOT / TRAIN).nonzero().squeeze(1)
        found = gradients(params, x[lot], y[lot])
        rows = torch.cat([g.flatten(1) for g in found.values()], 1)
        parts = clipped(rows) if each else rows
        total = parts.sum(0)
        left = (bounded(total - parts) - bounded(total)).norm(dim=1)
        influence = max(influence, left.max().item() / (noise * CLIP))
        change = (bounded(total) + torch.randn_like(total) * noise * CLIP) * LR / LOT
        changes = change.split([p.numel() for p in params.values()])
        for p, part in zip(params.values(), changes):
            p -= part.reshape(p.shape)
    right = (functional_call(model, params, test_x).argmax(1) == test_y).sum().item()
    return right / 10000, influence


(accuracy, influence), whole, drowned = trained(1, True), trained(1, False), trained(1e4, True)
figures = {"accuracy": accuracy, "influence": influence, "whole": whole[1], "drowned": drowned[0]}
run.figures("dp_sgd", figures)
run.end()
