"""The rows of the GPU. ../gpu_rows.ts has the same rows by the same names."""

import torch
import torch.nn.functional as F
from basics import add, cross_entropy, exp, huber, matmul, total
from inputs import labels, wave
from op_rows import backward
from row import computing


def mlp_step():
    def parameter(*shape, phase):
        return wave(*shape, phase=phase, scale=0.03).requires_grad_()

    w1, b1 = parameter(784, 1024, phase=0.3), parameter(1024, phase=1.3)
    w2, b2 = parameter(1024, 10, phase=2.3), parameter(10, phase=3.3)
    params = [w1, b1, w2, b2]
    x, y = wave(256, 784, phase=4.3), wave(256, 10, phase=5.3)

    def run():
        for p in params:
            p.grad = None
        loss = (torch.relu(x @ w1 + b1) @ w2 + b2 - y).square().mean()
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= 0.01 * p.grad
        return loss

    return computing(run, lambda: params)


def read_back():
    x = wave(1)
    return lambda: x.item(), lambda: [[x.item()]]


def cnn_step():
    def parameter(*shape, phase, scale):
        return wave(*shape, phase=phase, scale=scale).requires_grad_()

    w1, b1 = parameter(32, 1, 3, 3, phase=0.3, scale=0.3), parameter(32, phase=1.3, scale=0.1)
    w2, b2 = parameter(64, 32, 3, 3, phase=2.3, scale=0.06), parameter(64, phase=3.3, scale=0.1)
    w3, b3 = parameter(10, 3136, phase=4.3, scale=0.02), parameter(10, phase=5.3, scale=0.1)
    optimizer = torch.optim.Adam([w1, b1, w2, b2, w3, b3], lr=0.001)
    x, y = wave(128, 1, 28, 28, phase=6.3), labels(128)

    def layer(x, w, b):
        return F.max_pool2d(F.conv2d(x, w, b, padding=1).relu(), 2)

    def run():
        optimizer.zero_grad()
        features = layer(layer(x, w1, b1), w2, b2).flatten(1)
        loss = F.cross_entropy(F.linear(features, w3, b3), y)
        loss.backward()
        optimizer.step()
        return loss

    return computing(run)


GPU_ROWS = {
    "read back one number": read_back,
    "add of 16 floats": lambda: add(16),
    "add of 2^20 floats": lambda: add(2**20),
    "add of 2^24 floats": lambda: add(2**24),
    "add of 2^26 floats": lambda: add(2**26),
    "exp of 2^26 floats": lambda: exp(2**26),
    "sum of 2^20 floats": lambda: total(2**20),
    "sum of 2^24 floats": lambda: total(2**24),
    "Huber by hand, 2^20 values, backward": lambda: huber(2**20),
    "Huber by hand, 2^24 values, backward": lambda: huber(2**24),
    "matmul 1024": lambda: matmul(1024),
    "matmul 4096": lambda: matmul(4096),
    "MLP step 784-1024-10, batch 256": mlp_step,
    "softmax over 1 of 4096x1000, backward": lambda: backward([(4096, 1000)], lambda x: x.softmax(1)),
    "layer norm over 1024 of 4096x1024, backward": lambda: backward(
        [(4096, 1024), (1024,), (1024,)],
        lambda x, weight, bias: F.layer_norm(x, (1024,), weight, bias),
    ),
    "cross entropy 256 x 50000, backward": lambda: cross_entropy(256, 50000),
    "conv2d 3x3 of 32x64x56x56 to 64, backward": lambda: backward(
        [(32, 64, 56, 56), (64, 64, 3, 3)], lambda x, w: F.conv2d(x, w, padding=1)
    ),
    "CNN step, batch 128, Adam": cnn_step,
}
