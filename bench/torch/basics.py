"""Rows of both devices. ../basics.ts has the same rows."""

import torch
import torch.nn.functional as F
from inputs import positions, wave, waves
from row import computing


def add(size, recording=False):
    a, b = waves(size).requires_grad_(recording), waves(size, phase=1.3)
    return computing(lambda: a + b)


def huber_by_hand(prediction, target, delta=1.0):
    r = (prediction - target).abs()
    return torch.where(r <= delta, r.square() * 0.5, r * delta - 0.5 * delta**2).mean()


def huber(size):
    prediction, target = waves(size, scale=2).requires_grad_(), waves(size, phase=1.3)

    def run():
        prediction.grad = None
        loss = huber_by_hand(prediction, target)
        loss.backward()
        return loss

    return computing(run, lambda: [prediction.grad])


def cross_entropy(rows, classes):
    logits = wave(rows, classes, scale=2).requires_grad_()
    targets = positions(rows, extent=classes)

    def run():
        logits.grad = None
        loss = F.cross_entropy(logits, targets)
        loss.backward()
        return loss

    return computing(run, lambda: [logits.grad])


def matmul(n):
    a, b = wave(n, n), wave(n, n, phase=1.3)
    return computing(lambda: a @ b)


def exp(size):
    x = waves(size)
    return computing(lambda: x.exp())


def total(size):
    x = waves(size, offset=1, scale=0.5)
    return computing(lambda: x.sum())
