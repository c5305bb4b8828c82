"""The twin of examples/wgan_gp.ts."""

import math

import torch
from experiment import experiment
from torch import nn

run = experiment()
BATCH, CRITIC_STEPS, PENALTY = 128, 3, 10


def perceptron(outputs):
    layers = [nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, outputs)]
    return nn.Sequential(*layers)


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.9))


generator, critic = perceptron(2), perceptron(1)
generator_steps, critic_steps = adam(generator), adam(critic)


def ring(count):
    angle = torch.randint(0, 8, (count,)) * (math.pi / 4)
    points = torch.stack([torch.cos(angle), torch.sin(angle)], 1)
    return points * 2 + torch.randn(count, 2) * 0.1


def slope(real, made, create_graph):
    between = torch.lerp(made.detach(), real, torch.rand(len(real), 1)).requires_grad_()
    gradient = torch.autograd.grad(critic(between).sum(), between, create_graph=create_graph)[0]
    return gradient.norm(dim=1)


for _ in range(40 if run.quick else 600):
    for _ in range(CRITIC_STEPS):
        with torch.no_grad():
            real, made = ring(BATCH), generator(torch.randn(BATCH, 2))
        penalty = (slope(real, made, True) - 1).square().mean() * PENALTY
        of_made, of_real = critic(torch.cat([made, real])).chunk(2)
        critic_steps.zero_grad()
        (of_made.mean() - of_real.mean() + penalty).backward()
        critic_steps.step()
    generator_steps.zero_grad()
    (-critic(generator(torch.randn(BATCH, 2))).mean()).backward()
    generator_steps.step()

with torch.no_grad():
    real, made = ring(2000), generator(torch.randn(2000, 2))
angles = torch.rand(50) * math.pi
shadows = torch.stack([torch.cos(angles), torch.sin(angles)])
ordered = [(points @ shadows).sort(dim=0).values for points in (real, made)]
distance = (ordered[0] - ordered[1]).abs().mean().item()
run.figures("wgan_gp", {"distance": distance, "slope": slope(real, made, False).mean().item()})
run.end()
