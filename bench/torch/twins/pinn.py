"""The twin of examples/pinn.ts."""

import math

import torch
from experiment import experiment
from torch import nn

run = experiment()
POINTS, EPOCHS = 64, 300 if run.quick else 2000
model = nn.Sequential(
    nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
)
ends = torch.tensor([[0.0], [2 * math.pi]])
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)


def residual():
    x = (torch.rand(POINTS, 1) * 2 * math.pi).requires_grad_()
    slope = torch.autograd.grad(model(x).sum(), x, create_graph=True)[0]
    bend = torch.autograd.grad(slope.sum(), x, create_graph=True)[0]
    return (bend + torch.sin(x.detach())).square().mean()


for _ in range(EPOCHS):
    optimizer.zero_grad()
    (model(ends).square().mean() + residual()).backward()
    optimizer.step()
    schedule.step()

x = torch.linspace(0, 2 * math.pi, 200).unsqueeze(1)
with torch.no_grad():
    error = (model(x) - torch.sin(x)).square().mean().sqrt().item()
run.figures(
    "pinn", {"error": math.log10(error), "residual": math.log10(residual().item())}
)
run.end()
