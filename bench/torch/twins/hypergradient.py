"""The twin of examples/hypergradient.ts."""

import torch
from experiment import experiment
from torch.nn.functional import binary_cross_entropy_with_logits

run = experiment()
torch.set_default_dtype(torch.float64)
FEATURES, ROWS, NEWTON, STEPS = 20, 60, 8, 5 if run.quick else 40
truth = torch.randn(FEATURES)
truth[FEATURES // 2 :] = 0


def sample(rows):
    x = torch.randn(rows, FEATURES)
    return x, (x @ truth + torch.randn(rows) > 0).double()


known, held = sample(ROWS), sample(ROWS * 2)


def error(w, data):
    return binary_cross_entropy_with_logits(data[0] @ w, data[1])


def training(w, decay):
    return error(w, known) + 0.5 * (decay.exp() * w.square()).sum()


def solved(w, decay, b):
    w = w.detach().requires_grad_()
    (slope,) = torch.autograd.grad(training(w, decay), w, create_graph=True)
    x, r = torch.zeros_like(b), b.clone()
    p, rr = r, r @ r
    least = (1e-9 * b.norm()) ** 2
    for _ in range(40):
        if rr <= least:
            break
        (product,) = torch.autograd.grad(slope, w, p, retain_graph=True)
        step = rr / (p @ product)
        x, r = x + step * p, r - step * product
        before, rr = rr, r @ r
        p = r + rr / before * p
    return x


def trained(decay):
    w = torch.zeros(FEATURES)
    for _ in range(NEWTON):
        w = w.detach().requires_grad_()
        (slope,) = torch.autograd.grad(training(w, decay), w)
        w = w.detach() - solved(w, decay, slope)
    return w


def hypergradient(decay):
    w, own = trained(decay).requires_grad_(), decay.detach().requires_grad_()
    value = error(w, held)
    (slope,) = torch.autograd.grad(value, w)
    v = solved(w, decay, slope)
    (first,) = torch.autograd.grad(training(w, own), w, create_graph=True)
    return value.item(), -torch.autograd.grad((first * v).sum(), own)[0]


decay = torch.full((FEATURES,), -4.0, requires_grad=True)
before, found = hypergradient(decay.detach())
moved = [error(trained(decay.detach() + by * found), held).item() for by in (0.01, -0.01)]
exact = abs(found.square().sum().item() / ((moved[0] - moved[1]) / 0.02) - 1) < 1e-4
optimizer = torch.optim.Adam([decay], lr=0.1)
for _ in range(STEPS):
    decay.grad = hypergradient(decay.detach())[1]
    optimizer.step()
after, _ = hypergradient(decay.detach())
run.figures("hypergradient", {"before": before, "after": after, "exact": exact})
run.end()
