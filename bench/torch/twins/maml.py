"""The twin of examples/maml.ts, with torch.func."""

import math

import torch
from experiment import experiment
from torch import nn
from torch.func import functional_call, grad, vmap

run = experiment()
SHOTS, LR = 10, 0.01


def waves(count):
    a, b = torch.rand(count, 1, 1), torch.rand(count, 1, 1)
    x = torch.rand(count, 2 * SHOTS, 1) * 10 - 5
    return x, torch.sin(x - b * math.pi) * (a * 4.9 + 0.1)


def trained(steps, first_order):
    layers = [nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1)]
    model = nn.Sequential(*layers)
    params = dict(model.named_parameters())

    def error(own, x, y):
        return nn.functional.mse_loss(functional_call(model, own, x), y)

    def adapted(x, y, steps):
        own = params
        for _ in range(steps):
            gradients = grad(error)(own, x[:SHOTS], y[:SHOTS])
            if first_order:
                gradients = {name: g.detach() for name, g in gradients.items()}
            own = {name: p - LR * gradients[name] for name, p in own.items()}
        return error(own, x[SHOTS:], y[SHOTS:])

    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for _ in range(150 if run.quick else 2000):
        x, y = waves(25)
        loss = vmap(lambda x, y: adapted(x, y, steps))(x, y).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x, y = waves(1000)
    errors = (vmap(lambda x, y: adapted(x, y, s))(x, y).mean().item() for s in (0, 1, 5))
    return list(errors)


run.figures(
    "maml",
    {"maml": trained(1, False), "first": trained(1, True), "none": trained(0, False)},
)
run.end()
