"""The twin of examples/sinkhorn.ts."""

import math

import torch
from experiment import experiment

run = experiment()
COUNT, ITERATIONS, EPSILON, STEPS = 64, 50, 0.1, 20 if run.quick else 100


def transport(x, y):
    cost = torch.cdist(x, y).square()
    share = -math.log(COUNT)
    g = torch.zeros(1, COUNT)
    for _ in range(ITERATIONS):
        f = -EPSILON * (torch.logsumexp((g - cost) / EPSILON, 1, keepdim=True) + share)
        g = -EPSILON * (torch.logsumexp((f - cost) / EPSILON, 0, keepdim=True) + share)
    plan = torch.exp((f + g - cost) / EPSILON + 2 * share)
    return (plan * cost).sum()


angle = torch.rand(COUNT) * 2 * math.pi
ring = torch.stack([torch.cos(angle), torch.sin(angle)], 1)
points = (torch.randn(COUNT, 2) * 0.1).requires_grad_()
optimizer = torch.optim.Adam([points], lr=0.05)
before = transport(points, ring).item()
for _ in range(STEPS):
    optimizer.zero_grad()
    transport(points, ring).backward()
    optimizer.step()
radius = points.detach().norm(dim=1).mean().item()
gap = torch.cdist(ring, points.detach()).min(1).values.mean().item()
after = transport(points, ring).item()
run.figures("sinkhorn", {"before": before, "after": after, "radius": radius, "gap": gap})
run.end()
