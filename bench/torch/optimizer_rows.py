"""Steps of optimizers over many parameters and over one. ../optimizer_rows.ts has the same rows."""

import torch
from inputs import samples, wave


def made(name, count, size):
    params = [wave(size, phase=0.3 + i).requires_grad_() for i in range(count)]
    for i, p in enumerate(params):
        p.grad = wave(size, phase=1.3 + i)
    return params, getattr(torch.optim, name)(params, lr=1e-3)


def steps(name, count, size):
    _, optimizer = made(name, count, size)

    def result():
        params, optimizer = made(name, count, size)
        for _ in range(2):
            optimizer.step()
        return [samples(p) for p in (params[0], params[-1])]

    return optimizer.step, result


CROWDS = {
    "1000 tensors of 100": (1000, 100),
    "100 tensors of 1000": (100, 1000),
    "a tensor of 10^7": (1, 10**7),
}

OPTIMIZER_ROWS = {
    f"{name} over {crowd}": lambda name=name, sizes=sizes: steps(name, *sizes)
    for name in ("Adam", "SGD", "RMSprop", "Adagrad")
    for crowd, sizes in CROWDS.items()
}
