"""The twin of examples/meta_loss_tasks.ts, with torch.func."""

import math

import torch
from experiment import experiment
from torch import nn
from torch.func import grad, vmap
from torch.nn.functional import binary_cross_entropy_with_logits, huber_loss, mse_loss

run = experiment()
D, STEPS, RATES = 4, 5, [0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1, 2, 5]


def model(x, w, b):
    return x @ w + b


def adapted(x, y, query_x, loss, lr):
    w, b = torch.zeros(D), torch.zeros(())
    step = grad(lambda w, b: loss(x, model(x, w, b), y), argnums=(0, 1))
    for _ in range(STEPS):
        dw, db = step(w, b)
        w, b = w - lr * dw, b - lr * db
    return model(query_x, w, b)


class MetaLossNetwork(nn.Module):
    def __init__(self, features):
        super().__init__()
        layers = [nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU()]
        self.net = nn.Sequential(*layers, nn.Linear(32, 1), nn.Softplus())

    def forward(self, x, p, y):
        return self.net(torch.cat([x, p.unsqueeze(1), y.unsqueeze(1)], 1)).mean()


def compare(draw, query, rates, by_hand, score=None, best=min):
    score, (lr, meta_lr) = score or query, rates
    network = MetaLossNetwork(D + 2)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01 if run.quick else meta_lr)

    def sample(count):
        return [torch.stack(parts) for parts in zip(*(draw() for _ in range(count)))]

    for _ in range(100 if run.quick else 400):
        loss = vmap(lambda x, y, qx, qy: query(adapted(x, y, qx, network, lr), qy))(*sample(8))
        optimizer.zero_grad()
        loss.mean().backward()
        optimizer.step()
    unseen = sample(50 if run.quick else 200)

    def mean(loss, lr):
        with torch.no_grad():
            each = vmap(lambda x, y, qx, qy: score(adapted(x, y, qx, loss, lr), qy))(*unseen)
            return each.mean().item()

    found = {"learned": mean(network, lr)}
    for name, loss in by_hand.items():
        scores = [mean(lambda x, p, y, loss=loss: loss(p, y), rate) for rate in RATES]
        found[name] = best(value for value in scores if math.isfinite(value))
    return found


def linear():
    w, x, query_x = torch.randn(D), torch.randn(20, D), torch.randn(50, D)
    return x, x @ w + torch.randn(20) * 0.05, query_x, query_x @ w


def noisy():
    x, y, query_x, query_y = linear()
    high = torch.randn(20).abs() * 10
    return x, y + high * (torch.rand(20) < 0.2), query_x, query_y


def angles():
    x, y, query_x, query_y = linear()

    def turned(a):
        return torch.remainder(a + math.pi, 2 * math.pi) - math.pi

    return x, turned(y), query_x, turned(query_y)


def rare():
    middle = torch.randn(D) * 0.35

    def some(zeros, ones):
        y = (torch.arange(zeros + ones) >= zeros).float()
        return torch.randn(zeros + ones, D) + (y * 2 - 1).unsqueeze(1) * middle, y

    return *some(45, 5), *some(25, 25)


def weighted(p, y):
    return binary_cross_entropy_with_logits(p, y, pos_weight=torch.tensor(9.0))


def accuracy(p, y):
    return ((p > 0) == (y > 0.5)).float().mean()


def periodic(p, y):
    return (1 - torch.cos(p - y)).mean()


run.figures("C-26", compare(noisy, mse_loss, (0.1, 1e-3), {"mse": mse_loss, "huber": huber_loss}))
plain = binary_cross_entropy_with_logits
classes = compare(rare, plain, (1, 3e-3), {"plain": plain, "weighted": weighted}, accuracy, max)
turns = compare(angles, periodic, (1, 3e-3), {"mse": mse_loss, "periodic": periodic})
run.figures("C-27", {**classes, **{f"angles_{name}": value for name, value in turns.items()}})
run.end()
