"""The twin of examples/dpo.ts."""

import torch
from experiment import experiment
from torch.nn.functional import logsigmoid

run = experiment()
LETTERS, LENGTH, PAIRS, STEPS, BETA = 8, 12, 512, 15 if run.quick else 150, 0.1
reference = torch.randn(LETTERS, LETTERS)
policy = reference.clone().requires_grad_()


def write(logits, count):
    chances = logits.softmax(1)
    letters = [torch.randint(0, LETTERS, (count, 1))]
    for _ in range(1, LENGTH):
        letters.append(torch.multinomial(chances[letters[-1].squeeze(1)], 1))
    return torch.cat(letters, 1)


def likelihood(logits, texts):
    start, end = texts[:, :-1], texts[:, 1:]
    return logits.log_softmax(1).flatten()[start * LETTERS + end].sum(1)


def liked(texts):
    return (texts < 2).float().sum(1)


a, b = write(reference, PAIRS), write(reference, PAIRS)
better = torch.bernoulli(torch.sigmoid(liked(a) - liked(b))).unsqueeze(1) > 0.5
chosen, rejected = torch.where(better, a, b), torch.where(better, b, a)
c0, r0 = likelihood(reference, chosen), likelihood(reference, rejected)
optimizer = torch.optim.Adam([policy], lr=0.05)
for _ in range(STEPS):
    optimizer.zero_grad()
    c, r = likelihood(policy, chosen), likelihood(policy, rejected)
    (-logsigmoid(BETA * ((c - r) - (c0 - r0)))).mean().backward()
    optimizer.step()

with torch.no_grad():
    before, after = write(reference, 4000), write(policy, 4000)
    kl = (likelihood(policy, after) - likelihood(reference, after)).mean().item()
before, after = liked(before).mean().item(), liked(after).mean().item()
run.figures("dpo", {"before": before, "after": after, "gain": after - before, "kl": kl})
run.end()
