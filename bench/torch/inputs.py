"""Inputs and figures that both sides make by the same formulas; ../inputs.ts is the other side."""

import torch
from torch import nn


def wave(*shape, phase=0.3, scale=1.0, offset=0.0):
    """offset + scale * sin(0.7 * i + phase) in float64, rounded to float32."""
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return (offset + scale * torch.sin(0.7 * i + phase)).float().reshape(shape)


def waves(size, **options):
    """A given number of values: a wave of 2^20, repeated."""
    length = min(size, 2**20)
    return wave(length, **options).repeat(size // length)


def labels(count):
    """The labels 0 to 9 in turn."""
    return torch.arange(count) % 10


def signals(count, features):
    """A sine for each example, with the frequency of its label."""
    n = torch.arange(count, dtype=torch.float64).unsqueeze(1)
    j = torch.arange(features, dtype=torch.float64)
    return torch.sin(0.7 * n + 0.01 * (1 + n % 10) * j).float()


def order(count, epoch):
    """A fixed order of examples, different in each epoch."""
    return (4801 * torch.arange(count) + 1013 * epoch) % count


def positions(*shape, extent):
    """Positions below an extent, spread over its range."""
    return (4801 * torch.arange(torch.Size(shape).numel()) % extent).reshape(shape)


def set_parameters(model):
    """Sets a model's parameters to waves of the size of PyTorch's initial values."""
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            summed = p.numel() / p.shape[0] if p.dim() > 1 else p.numel()
            p.copy_(wave(*p.shape, phase=0.3 + i, scale=summed**-0.5))
    return model


def perceptron():
    """The perceptron 784-128-10."""
    return set_parameters(nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)))


def samples(x):
    """A few hundred elements of a tensor, evenly spread; all of a small one."""
    flat = x.detach().flatten()
    return flat[:: max(1, len(flat) // 256)].tolist()
