"""The rows of the benchmark. ../rows.ts has the same rows by the same names."""

import copy
import functools

import torch
import torch.nn.functional as F
from basics import add, cross_entropy, exp, huber, matmul, total
from inputs import labels, order, perceptron, set_parameters, signals, wave
from loss_rows import LOSS_ROWS
from net_rows import NET_ROWS
from op_rows import OP_ROWS
from optimizer_rows import OPTIMIZER_ROWS
from picture_rows import PICTURE_ROWS
from row import computing
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from transform_rows import TRANSFORM_ROWS


def chain():
    x, a, b = wave(16).requires_grad_(), wave(16, phase=1.3), wave(16, phase=2.3)

    def run():
        x.grad = None
        y = x
        for _ in range(20):
            y = y * a + b
        loss = y.sum()
        loss.backward()
        return loss

    return computing(run, lambda: [x.grad])


def uncertainty():
    log_vars = wave(3).requires_grad_()
    task_losses = [wave(offset=offset, scale=0) for offset in (0.5, 2, 3)]

    def run():
        log_vars.grad = None
        terms = []
        for i, loss in enumerate(task_losses):
            s = log_vars[i]
            terms.append(torch.exp(-s) * loss + s * 0.5)
        total = functools.reduce(torch.add, terms)
        total.backward()
        return total

    return computing(run, lambda: [log_vars.grad])


def ppo():
    logp_old = wave(256, offset=-2)
    logp_new = wave(256, offset=-2, scale=0.8, phase=0.5).requires_grad_()
    advantages, returns = wave(256, phase=1.3), wave(256, phase=2.3)
    values = wave(256, phase=3.3).requires_grad_()
    entropy = wave(256, offset=1.5, scale=0.5)

    def run():
        logp_new.grad = values.grad = None
        ratio = torch.exp(logp_new - logp_old)
        plain = ratio * advantages
        clipped = ratio.clamp(0.8, 1.2) * advantages
        policy = -torch.minimum(plain, clipped).mean()
        value = F.mse_loss(values, returns)
        bonus = -entropy.mean()
        total = policy + value * 0.5 + bonus * 0.01
        total.backward()
        return total

    return computing(run, lambda: [logp_new.grad, values.grad])


def second_order():
    net = set_parameters(nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 1)))
    params = list(net.parameters())
    x, y = wave(32, 16), wave(32, 1, phase=1.3)

    def run():
        for p in params:
            p.grad = None
        loss = F.mse_loss(net(x), y)
        gradients = torch.autograd.grad(loss, params, create_graph=True)
        norm = functools.reduce(torch.add, [g.square().sum() for g in gradients])
        norm.backward()
        return norm

    return computing(run, lambda: [p.grad for p in params])


def step(make):
    model = perceptron()
    params = list(model.parameters())
    optimizer = make(params)
    x, y = signals(64, 784), labels(64)

    def run():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return computing(run, lambda: params)


def loader_pass():
    count = 2000
    dataset = TensorDataset(signals(count, 784), labels(count))
    loader = DataLoader(dataset, batch_size=64, sampler=order(count, 0).tolist())
    model = perceptron()
    initial = copy.deepcopy(model.state_dict())

    def run():
        model.load_state_dict(initial)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        history = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            history.append(loss.item())
        return [history]

    return run, run


def linear():
    x, weight = wave(64, 784), wave(128, 784, phase=1.3)
    return computing(lambda: x @ weight.t())


def main_job():
    count, batch, epochs = 8000, 32, 10
    images, targets = signals(count, 784), labels(count)
    orders = [order(count, epoch) for epoch in range(epochs)]

    def train():
        model = perceptron()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        history = []
        for indices in orders:
            loss_sum = 0.0
            for start in range(0, count, batch):
                index = indices[start : start + batch]
                optimizer.zero_grad()
                logits = model(images.index_select(0, index))
                loss = F.cross_entropy(logits, targets.index_select(0, index))
                loss.backward()
                optimizer.step()
                loss_sum += loss.item()
            history.append(loss_sum / (count / batch))
        return [history]

    return train, train


CPU_ROWS = {
    "add of 16 floats, not recording": lambda: add(16),
    "add of 16 floats, recording": lambda: add(16, True),
    "20 x (mul, add) on 16 floats, sum, backward": chain,
    "Huber by hand, 256 values, backward": lambda: huber(256),
    "uncertainty weighting of 3 losses, backward": uncertainty,
    "PPO sequence loss, 256 tokens, backward": ppo,
    "second order, 16-32-1 tanh net, batch 32": second_order,
    "MNIST MLP step, batch 64, SGD": lambda: step(lambda params: torch.optim.SGD(params, lr=0.01)),
    "MNIST MLP step, batch 64, Adam": lambda: step(lambda params: torch.optim.Adam(params, lr=0.001)),
    "MNIST MLP pass over 2000 by a loader, batch 64, SGD": loader_pass,
    "matmul 64": lambda: matmul(64),
    "matmul 256": lambda: matmul(256),
    "matmul 1024": lambda: matmul(1024),
    "matmul x W^T, 64 x 784 x 128": linear,
    "add of 2^20 floats": lambda: add(2**20),
    "add of 2^23 floats": lambda: add(2**23),
    "exp of 2^20 floats": lambda: exp(2**20),
    "exp of 2^23 floats": lambda: exp(2**23),
    "sum of 2^20 floats": lambda: total(2**20),
    "sum of 2^23 floats": lambda: total(2**23),
    "Huber by hand, 2^20 values, backward": lambda: huber(2**20),
    "cross entropy 4096 x 1000, backward": lambda: cross_entropy(4096, 1000),
    "main job, 10 epochs": main_job,
    **OP_ROWS,
    **TRANSFORM_ROWS,
    **LOSS_ROWS,
    **OPTIMIZER_ROWS,
    **NET_ROWS,
    **PICTURE_ROWS,
}
