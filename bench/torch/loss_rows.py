"""The rows of losses. ../loss_rows.ts has the same losses by the same names, of the same inputs.

What PyTorch lacks is the formula in its ops, as one would write it.
"""

import math

import torch
import torch.nn.functional as F
from inputs import labels, positions, set_parameters, wave
from row import computing
from torch import nn


def of(inputs, tracked=1):
    """The work of a function of inputs, the first of which have gradients."""

    def work(loss):
        def make(n):
            given = inputs(n)
            return [x.requires_grad_() for x in given[:tracked]], lambda: loss(*given)

        return make

    return work


def learned(inputs):
    """The work of a module on inputs, with gradients of its parameters too."""

    def work(parameters, loss):
        def make(n):
            x, *rest = inputs(n)
            own = parameters(x)
            leaves = list(own.parameters()) if isinstance(own, nn.Module) else own
            return [x.requires_grad_(), *leaves], lambda: loss(own, x, *rest)

        return make

    return work


def flags(*shape):
    return (wave(*shape, phase=1.3) > 0).float()


def signs(*shape):
    return flags(*shape) * 2 - 1


def square(n):
    return math.isqrt(n), math.isqrt(n)


def slim(n):
    return n // 16, 16


def image(n):
    return (1, 1, 16, 16) if n == 256 else (4, 4, 256, 256)


def numbers(n):
    return wave(n, scale=2), wave(n, phase=1.3)


def regional(n):
    return wave(n, scale=2) + labels(n) * 0.1, wave(n, phase=1.3)


def shares(n):
    return wave(n, offset=0.5, scale=0.4), flags(n)


def binary(n):
    return wave(n, scale=2), flags(n)


def signed(n):
    return wave(n, scale=2), signs(n)


def classes(n):
    rows, columns = square(n)
    return wave(rows, columns, scale=2), positions(rows, extent=columns)


def vectors(n):
    return wave(*square(n)), wave(*square(n), phase=1.3)


def lists(n):
    return wave(*slim(n)), wave(*slim(n), phase=1.3, offset=1)


def images(n):
    return (
        wave(*image(n), offset=0.5, scale=0.4),
        wave(*image(n), phase=1.3, offset=0.5, scale=0.4),
    )


def likely(n):
    return wave(n, offset=-3), wave(n, phase=1.3, offset=0.5, scale=0.4)


def triples(n):
    return *vectors(n), wave(*square(n), phase=2.3)


def ranked(n):
    return *numbers(n), signs(n)


def alike(n):
    return *vectors(n), signs(math.isqrt(n))


def spread(n):
    return *numbers(n), wave(n, phase=2.3, offset=1.5)


def policies(n):
    return *spread(n), wave(n, phase=3.3, scale=2)


def labelled(n):
    rows = 16 if n == 256 else 64
    return wave(rows, n // rows), labels(rows)


def single(n):
    return (wave(*square(n)),)


def several_classes(n):
    return wave(*square(n), scale=2), flags(*square(n))


def examples(n):
    return wave(*slim(n)), wave(n // 16, scale=2), wave(n // 16, phase=1.3)


def projected(n):
    x, target = classes(n)
    return x, wave(*square(n), phase=1.3, scale=n**-0.25), target


def label_lists(n):
    rows, columns = slim(n)
    first = labels(rows).unsqueeze(1)
    kept = wave(1, columns) + positions(columns, extent=columns) < 3
    every = (first + positions(columns, extent=columns) * 2) % columns
    return wave(rows, columns), torch.where(kept, every, -1)


def sequences(n):
    times, count, width = (8, 2, 16) if n == 256 else (64, 64, 256)
    targets = positions(count, times // 4, extent=width - 1) + 1
    return (
        wave(times, count, width),
        targets,
        torch.full((count,), times),
        torch.full((count,), times // 4),
    )


def log_cosh(p, t):
    r = (p - t).abs()
    return (r + F.softplus(-2 * r) - math.log(2)).mean()


def quantile(p, t, q=0.9):
    r = t - p
    return torch.maximum(q * r, (q - 1) * r).mean()


def tukey(p, t, c=4.685):
    r = p - t
    inside = c * c / 6 * (1 - (1 - (r / c) ** 2) ** 3)
    return torch.where(r.abs() <= c, inside, c * c / 6).mean()


def robust(u, alpha):
    """Barron's general loss, as a function of squares."""
    b = abs(alpha - 2)
    return b / alpha * ((u / b + 1) ** (alpha / 2) - 1)


def focal(x, t, alpha=0.25, gamma=2):
    entropy = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    share = x.sigmoid()
    own = share * t + (1 - share) * (1 - t)
    return ((alpha * t + (1 - alpha) * (1 - t)) * (1 - own) ** gamma * entropy).mean()


def poly1(x, target):
    entropy = F.cross_entropy(x, target, reduction="none")
    return (entropy + 1 - (-entropy).exp()).mean()


def sparsemax(x, target):
    own = x.gather(1, target.unsqueeze(1))
    z = x - own
    ordered = z.sort(1, descending=True).values
    sums = ordered.cumsum(1) - 1
    count = torch.arange(1, z.shape[1] + 1)
    support = (count * ordered > sums).sum(1, keepdim=True)
    p = (z - sums.gather(1, support - 1) / support).relu()
    return ((p * (z - p / 2)).sum(1) + 0.5).mean()


def js_divergence(x, t):
    middle = ((x.exp() + t) / 2).log()
    return (0.5 * (F.kl_div(middle, x, reduction="none", log_target=True)
                   + F.kl_div(middle, t, reduction="none"))).mean()


def wasserstein(p, t):
    return (p.sort(1).values - t.sort(1).values).abs().mean()


def contrastive(x, own):
    left, right = torch.triu_indices(len(x), len(x), 1)
    d = F.pdist(x)
    return torch.where(own[left] == own[right], d**2, (1 - d).relu() ** 2).mean()


def info_nce(q, k):
    s = F.normalize(q) @ F.normalize(k).t() / 0.1
    return F.cross_entropy(s, torch.arange(len(q)))


def own_shares(x, temperature):
    unit = F.normalize(x)
    s = (unit @ unit.t() / temperature).masked_fill(torch.eye(len(x), dtype=torch.bool), -1e30)
    return s.log_softmax(1)


def nt_xent(a, b):
    n = len(a)
    s = own_shares(torch.cat([a, b]), 0.5)
    return -torch.cat([s.diagonal(n), s.diagonal(-n)]).mean()


def sup_con(x, own):
    same = (own.unsqueeze(1) == own) & ~torch.eye(len(x), dtype=torch.bool)
    each = -(own_shares(x, 0.1) * same).sum(1) / same.sum(1).clamp(min=1)
    return each.sum() / (same.sum(1) > 0).sum()


def listwise(s, y):
    return -(s.log_softmax(1) * y).sum(1).mean()


def pairwise(s, y):
    ahead = y.unsqueeze(2) > y.unsqueeze(1)
    return (F.softplus(s.unsqueeze(1) - s.unsqueeze(2)) * ahead).sum((1, 2)).mean()


def overlap(p, t, alpha=0.5, beta=0.5, smooth=1e-5):
    common = (p * t).sum((2, 3))
    wrong = alpha * (p.sum((2, 3)) - common)
    missed = beta * (t.sum((2, 3)) - common)
    return (1 - (common + smooth) / (common + wrong + missed + smooth)).mean()


def psnr(p, t):
    return (10 * ((p - t).square().mean((1, 2, 3)) + 1e-8).log10()).mean()


def similarity(p, t, window=11, sigma=1.5):
    places = torch.arange(window) - (window - 1) / 2
    bell = (-(places**2) / (2 * sigma**2)).exp()
    bell = (bell / bell.sum()).expand(p.shape[1], 1, 1, window)

    def means(x):
        rows = F.conv2d(x, bell.transpose(2, 3), groups=x.shape[1])
        return F.conv2d(rows, bell, groups=x.shape[1])

    mp, mt = means(p), means(t)
    covariance = means(p * t) - mp * mt
    variances = means(p * p) - mp * mp + means(t * t) - mt * mt
    contrast = (2 * covariance + 0.03**2) / (variances + 0.03**2)
    whole = (2 * mp * mt + 0.01**2) / (mp * mp + mt * mt + 0.01**2) * contrast
    return whole.mean((2, 3)), contrast.mean((2, 3))


def ms_ssim(p, t):
    window, powers = 11, (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    if p.numel() == 256:
        window, powers = 3, (0.4, 0.6)
    product = 1
    for scale, power in enumerate(powers):
        whole, contrast = similarity(p, t, window)
        last = scale == len(powers) - 1
        product = product * (whole if last else contrast).relu() ** power
        p, t = (F.avg_pool2d(x, 2, padding=[side % 2 for side in x.shape[2:]]) for x in (p, t))
    return (1 - product.mean(1)).mean()


def total_variation(x, _):
    down = (x[..., 1:, :] - x[..., :-1, :]).abs().sum((-2, -1))
    return (down + (x[..., :, 1:] - x[..., :, :-1]).abs().sum((-2, -1))).mean()


def ctc(x, targets, times, lengths):
    return F.ctc_loss(x.log_softmax(2), targets, times, lengths)


def adaptive_robust_parameters(_):
    alpha = math.log((1 - 0.001) / (1.999 - 1))
    scale = 1 + math.log(-math.expm1(-1))
    return [torch.tensor(value, requires_grad=True) for value in (alpha, scale)]


LOG_COSH = torch.tensor([math.log(math.cosh(i / 8)) for i in range(321)])
LOG_STEPS = torch.tensor([math.log(1 / 8 if i == 0 else 1 / 4) for i in range(321)])


def adaptive_robust(parameters, p, t):
    alpha = parameters[0].sigmoid() * (1.999 - 0.001) + 0.001
    scale = F.softplus(parameters[1])
    b = 2 - alpha
    terms = 0.5 * b.log() + LOG_COSH + LOG_STEPS - b / alpha * (alpha * LOG_COSH).expm1()
    return (robust(((p - t) / scale) ** 2, alpha) + scale.log() + terms.logsumexp(0)).mean()


def region_errors(p, t):
    regions = labels(len(p))
    sums = torch.zeros(10).scatter_add(0, regions, (p - t) ** 2)
    return sums / torch.zeros(10).scatter_add(0, regions, torch.ones(len(p)))


def region_weighted(log_vars, p, t):
    return ((-log_vars[0]).exp() * region_errors(p, t) + 0.5 * log_vars[0]).sum()


def minimax(logits, p, t):
    turned = 2 * logits[0].detach() - logits[0]
    return (turned.softmax(0) * region_errors(p, t)).sum()


def task_errors(p, t):
    return torch.stack([F.mse_loss(p, t), F.huber_loss(p, t)])


def weighted_errors(p, t):
    return task_errors(p, t) * torch.tensor([0.3, 0.7])


def multi_task(log_vars, p, t):
    errors = task_errors(p, t)
    return ((-log_vars[0]).exp() * errors + 0.5 * log_vars[0]).sum()


def zeros(count):
    return lambda _: [torch.zeros(count, requires_grad=True)]


def meta_network(_):
    return set_parameters(nn.Sequential(
        nn.Linear(18, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1), nn.Softplus()
    ))


def meta(net, x, p, t):
    return net(torch.cat([x, p.unsqueeze(1), t.unsqueeze(1)], 1)).mean()


def adaptive_softmax(x):
    width = x.shape[1]
    return set_parameters(nn.AdaptiveLogSoftmaxWithLoss(width, width, [width // 8, width // 2]))


def orthogonal(w):
    return (w @ w.t() - torch.eye(len(w))).square().sum()


def dpo(chosen, rejected, first, second):
    return -F.logsigmoid(0.1 * (chosen - rejected - (first - second))).mean()


def ppo(now, old, gains, goals):
    ratio = (now - old).exp()
    policy = -torch.minimum(ratio * gains, ratio.clamp(0.8, 1.2) * gains).mean()
    return policy + 0.5 * F.mse_loss(now, goals) - 0.01 * now.mean()


LOSSES = {
    "mse": of(numbers)(F.mse_loss),
    "huber": of(numbers)(F.huber_loss),
    "l1": of(numbers)(F.l1_loss),
    "smoothL1": of(numbers)(F.smooth_l1_loss),
    "logCosh": of(numbers)(log_cosh),
    "quantile": of(numbers)(quantile),
    "charbonnier": of(numbers)(lambda p, t: ((p - t) ** 2 + 1e-6).sqrt().mean()),
    "cauchy": of(numbers)(lambda p, t: (0.5 * ((p - t) ** 2).log1p()).mean()),
    "tukeyBiweight": of(numbers)(tukey),
    "generalRobust": of(numbers)(lambda p, t: robust((p - t) ** 2, 1.0).mean()),
    "poissonNll": of(binary)(F.poisson_nll_loss),
    "gaussianNll": of(spread)(F.gaussian_nll_loss),
    "bce": of(shares)(F.binary_cross_entropy),
    "bceWithLogits": of(binary)(F.binary_cross_entropy_with_logits),
    "focal": of(binary)(focal),
    "softMargin": of(signed)(F.soft_margin_loss),
    "hinge": of(signed)(lambda x, t: (1 - t * x).relu().mean()),
    "hingeEmbedding": of(signed)(F.hinge_embedding_loss),
    "marginRanking": of(ranked, 2)(F.margin_ranking_loss),
    "crossEntropy": of(classes)(F.cross_entropy),
    "nll": of(classes)(F.nll_loss),
    "poly1": of(classes)(poly1),
    "sparsemax": of(classes)(sparsemax),
    "multiMargin": of(classes)(F.multi_margin_loss),
    "multiLabelMargin": of(label_lists)(F.multilabel_margin_loss),
    "multiLabelSoftMargin": of(several_classes)(F.multilabel_soft_margin_loss),
    "klDiv": of(likely)(lambda x, t: F.kl_div(x, t, reduction="none").mean()),
    "jsDiv": of(likely)(js_divergence),
    "wasserstein1d": of(vectors)(wasserstein),
    "cosineEmbedding": of(alike, 2)(F.cosine_embedding_loss),
    "tripletMargin": of(triples, 3)(F.triplet_margin_loss),
    "tripletMarginWithDistance": of(triples, 3)(F.triplet_margin_with_distance_loss),
    "contrastive": of(labelled)(contrastive),
    "infoNce": of(vectors, 2)(info_nce),
    "ntXent": of(vectors, 2)(nt_xent),
    "supCon": of(labelled)(sup_con),
    "listwiseSoftmax": of(lists)(listwise),
    "pairwiseLogistic": of(lists)(pairwise),
    "dice": of(images)(lambda p, t: overlap(p, t, smooth=5e-6)),
    "jaccard": of(images)(lambda p, t: overlap(p, t, 1, 1)),
    "tversky": of(images)(overlap),
    "psnr": of(images)(psnr),
    "ssim": of(images)(lambda p, t: (1 - similarity(p, t)[0].mean(1)).mean()),
    "msSsim": of(images)(ms_ssim),
    "totalVariation": of(images)(total_variation),
    "ctc": of(sequences)(ctc),
    "linearCrossEntropy": of(projected, 2)(F.linear_cross_entropy),
    "reinforce": of(numbers)(lambda p, r: -(p * r).mean()),
    "dpo": of(policies, 2)(dpo),
    "PPOSequenceLoss": of(policies)(ppo),
    "AdaptiveMSE": learned(numbers)(
        lambda _: [torch.ones((), requires_grad=True)],
        lambda alpha, p, t: (alpha[0] * (p - t) ** 2).mean(),
    ),
    "AdaptiveRobustLoss": learned(numbers)(adaptive_robust_parameters, adaptive_robust),
    "RegionWeightedMSE": learned(regional)(zeros(10), region_weighted),
    "MinimaxMSE": learned(regional)(zeros(10), minimax),
    "MultiTaskLossWithUncertainty": learned(numbers)(zeros(2), multi_task),
    "WeightedSum": of(numbers)(lambda p, t: weighted_errors(p, t).sum()),
    "Tchebycheff": of(numbers)(lambda p, t: weighted_errors(p, t).max()),
    "MetaLossNetwork": learned(examples)(meta_network, meta),
    "AdaptiveLogSoftmaxWithLoss": learned(classes)(
        adaptive_softmax, lambda softmax, x, target: softmax(x, target).loss
    ),
    "regularization.l1": of(single)(lambda w: w.abs().sum()),
    "regularization.l2": of(single)(lambda w: w.square().sum()),
    "regularization.orthogonal": of(single)(orthogonal),
}


def loss_row(make, n):
    leaves, compute = make(n)

    def run():
        for x in leaves:
            x.grad = None
        loss = compute()
        loss.backward()
        return loss

    return computing(run, lambda: [x.grad for x in leaves])


LOSS_ROWS = {
    f"{name} of {size}, backward": lambda make=make, n=n: loss_row(make, n)
    for name, make in LOSSES.items()
    for n, size in ((256, "256"), (2**20, "2^20"))
}
