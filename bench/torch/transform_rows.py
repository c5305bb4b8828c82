"""The rows of transforms by torch.func. ../transform_rows.ts has the same rows by the same names."""

import torch
import torch.nn.functional as F
from inputs import labels, perceptron, set_parameters, signals, wave
from row import computing
from torch import nn
from torch.func import functional_call, grad, hessian, jacrev, jvp, vmap


def params_of(model):
    return {name: p.detach() for name, p in model.named_parameters()}


def per_sample(params, shape, logits):
    x, y = signals(256, torch.Size(shape).numel()).reshape(256, *shape), labels(256)

    def loss(own, x, y):
        return F.cross_entropy(logits(own, x.unsqueeze(0)), y.unsqueeze(0))

    gradients = vmap(grad(loss), in_dims=(None, 0, 0))
    return computing(lambda: tuple(gradients(params, x, y).values()))


def per_sample_of(model, features):
    return per_sample(params_of(model), [features], lambda own, x: functional_call(model, own, (x,)))


def small_perceptron():
    return set_parameters(nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 10)))


def convolutional():
    shapes = {
        "weight1": (8, 1, 3, 3),
        "bias1": (8,),
        "weight2": (16, 8, 3, 3),
        "bias2": (16,),
        "weight3": (10, 400),
        "bias3": (10,),
    }
    params = {
        name: wave(*shape, phase=0.3 + i, scale=0.1)
        for i, (name, shape) in enumerate(shapes.items())
    }

    def logits(own, x):
        first = F.conv2d(x, own["weight1"], own["bias1"])
        second = F.conv2d(F.max_pool2d(first.relu(), 2), own["weight2"], own["bias2"])
        return F.linear(F.max_pool2d(second.relu(), 2).flatten(1), own["weight3"], own["bias3"])

    return per_sample(params, [1, 28, 28], logits)


def whole_jacobian():
    weight, x = wave(256, 200, scale=0.1), wave(200, phase=1.3)
    return computing(lambda: jacrev(lambda x: torch.tanh(weight @ x))(x))


def whole_hessian():
    inputs, target = wave(64, 100, scale=0.1), wave(64, phase=1.3)
    w = wave(100, phase=2.3)
    return computing(lambda: hessian(lambda w: F.mse_loss(torch.tanh(inputs @ w), target))(w))


def tasks(looped):
    batch = [wave(1000, 8, phase=2.3), wave(1000, 16, 8), wave(1000, 16)]

    def loss(w, x, y):
        return F.mse_loss(torch.tanh(x @ w), y)

    if not looped:
        return computing(lambda: vmap(loss)(*batch))
    return computing(lambda: torch.stack([loss(*task) for task in zip(*batch)]))


def forward_mode():
    model = perceptron()
    params = params_of(model)
    tangents = {name: wave(*p.shape, phase=5.3 + i) for i, (name, p) in enumerate(params.items())}
    x = signals(64, 784)
    return computing(lambda: jvp(lambda own: functional_call(model, own, (x,)), (params,), (tangents,)))


TRANSFORM_ROWS = {
    "perSampleGrad of 256, MLP 20-64-10": lambda: per_sample_of(small_perceptron(), 20),
    "perSampleGrad of 256, MLP 784-128-10": lambda: per_sample_of(perceptron(), 784),
    "perSampleGrad of 256, CNN 1-8-16 on 28x28": convolutional,
    "jacobian of 256 by 200": whole_jacobian,
    "hessian of a loss of 100 parameters": whole_hessian,
    "loss of 1000 small tasks by vmap": lambda: tasks(False),
    "loss of 1000 small tasks in a loop": lambda: tasks(True),
    "jvp of MLP 784-128-10, batch 64": forward_mode,
}
