"""The twin of examples/influence.ts, with torch.func."""

import torch
from experiment import experiment
from torch.func import grad, hessian, jvp, vmap
from torch.nn.functional import binary_cross_entropy_with_logits

run = experiment()
torch.set_default_dtype(torch.float64)
FEATURES, ROWS, DECAY, NEWTON = 8, 60 if run.quick else 300, 0.01, 8
truth = torch.randn(FEATURES)


def sample(rows, wrong):
    x = torch.randn(rows, FEATURES)
    flipped = (torch.rand(rows) < wrong).double()
    return x, ((x @ truth > 0).double() - flipped).abs(), flipped


(x, y, flipped), (test_x, test_y, _) = sample(ROWS, 0.1), sample(500, 0)


def training(w, weights):
    each = binary_cross_entropy_with_logits(x @ w, y, reduction="none")
    return (each * weights).sum() / ROWS + DECAY / 2 * w.square().sum()


def test(w):
    return binary_cross_entropy_with_logits(test_x @ w, test_y)


def trained(weights):
    w = torch.zeros(FEATURES)
    for _ in range(NEWTON):
        curvature = hessian(training)(w, weights)
        w = w - torch.linalg.solve(curvature, grad(training)(w, weights))
    return w


def solved(b):
    z, r, p = torch.zeros_like(b), b, b
    rr = r @ r
    for _ in range(FEATURES):
        product = jvp(lambda w: grad(training)(w, all_rows), (w,), (p,))[1]
        step = rr / (p @ product)
        z, r = z + step * p, r - step * product
        before, rr = rr, r @ r
        p = r + rr / before * p
    return z


all_rows = torch.ones(ROWS)
w = trained(all_rows)
one = grad(lambda w, x, y: binary_cross_entropy_with_logits(x @ w, y))
each = vmap(one, (None, 0, 0))(w, x, y)
influence = each @ solved(grad(test)(w)) / ROWS
without = vmap(lambda left: test(trained(all_rows - left)))(torch.eye(ROWS)) - test(w)
error = ((influence - without).norm() / without.norm()).item()
own = vmap(lambda g: solved(g) @ g)(each)
ranks = own.argsort().argsort().double() + 1
many = flipped.sum()
found = (ranks[flipped > 0].sum() - many * (many + 1) / 2) / (many * (ROWS - many))
run.figures("influence", {"error": error, "found": found.item()})
run.end()
