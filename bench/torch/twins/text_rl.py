"""The twin of examples/text_rl.ts."""

import torch
from experiment import experiment
from torch import nn
from torch.distributions import Categorical, kl_divergence

run = experiment()
LETTERS, LENGTH, COUNT, PAIRS = 8, 8, 64, 7
allowed = torch.zeros(LETTERS, LETTERS, dtype=torch.bool)
for letter in range(LETTERS):
    allowed[letter, torch.randperm(LETTERS)[:2]] = True


def worth_of(sentences):
    return allowed[sentences[:, :-1], sentences[:, 1:]].float().mean(1)


class Writer(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters = nn.Embedding(LETTERS + 1, 16)
        self.memory = nn.GRU(16, 32, batch_first=True)
        self.actor, self.critic = nn.Linear(32, LETTERS), nn.Linear(32, 1)

    def forward(self, sentences):
        begin = torch.full((COUNT, 1), LETTERS)
        output, _ = self.memory(self.letters(torch.cat([begin, sentences[:, :-1]], 1)))
        return Categorical(logits=self.actor(output)), self.critic(output).squeeze(-1)

    def write(self):
        letter, h, written = torch.full((COUNT, 1), LETTERS), torch.zeros(1, COUNT, 32), []
        for _ in range(LENGTH):
            output, h = self.memory(self.letters(letter), h)
            following = Categorical(logits=self.actor(output))
            letter = following.sample()
            written.append((letter, following.log_prob(letter)))
        return [torch.cat(x, 1) for x in zip(*written)]


def fit(model, steps, loss):
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(steps // 2 if run.quick else steps):
        optimizer.zero_grad()
        loss(model).backward()
        optimizer.step()
    return model


def surprise(writer):
    steps = [torch.randint(0, LETTERS, (COUNT, 1)), torch.randint(1, LETTERS, (COUNT, PAIRS))]
    sentences = torch.cat(steps, 1).cumsum(1) % LETTERS
    return -writer(sentences)[0].log_prob(sentences).mean()


def score(judge, sentences):
    return judge(nn.functional.one_hot(sentences, LETTERS).float().mT).mean((1, 2))


def misjudged(judge):
    sentences = torch.randint(0, LETTERS, (COUNT, LENGTH))
    return nn.functional.mse_loss(score(judge, sentences), worth_of(sentences) + 0.05 * torch.randn(COUNT))


reference = fit(Writer(), 200, surprise).requires_grad_(False)
judge = fit(nn.Sequential(nn.Conv1d(LETTERS, 64, 2), nn.Tanh(), nn.Conv1d(64, 1, 1), nn.Sigmoid()), 800, misjudged)


def gae(reward, values):
    advantages, ahead = torch.empty_like(values), torch.zeros(COUNT)
    later = torch.cat([values[:, 1:], torch.zeros(COUNT, 1)], 1)
    errors = later - values
    errors[:, -1] += reward
    for t in reversed(range(LENGTH)):
        ahead = advantages[:, t] = errors[:, t] + 0.95 * ahead
    return advantages, advantages + values


def tune(hold):
    writer = Writer()
    writer.load_state_dict(reference.state_dict())
    optimizer = torch.optim.Adam(writer.parameters(), lr=3e-3)
    updates = []
    for _ in range(18 if run.quick else 60):
        with torch.no_grad():
            sentences, old = writer.write()
            values = writer(sentences)[1]
            advantages, returns = gae(score(judge, sentences), values)
            known = reference(sentences)[0]
        gain = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)
        for _ in range(4):
            following, values = writer(sentences)
            ratio = (following.log_prob(sentences) - old).exp()
            surrogate = torch.min(ratio * gain, ratio.clamp(0.8, 1.2) * gain).mean()
            error = nn.functional.mse_loss(values, returns)
            loss = -surrogate + 0.5 * error - 0.01 * following.entropy().mean()
            optimizer.zero_grad()
            (loss + hold * kl_divergence(following, known).mean()).backward()
            nn.utils.clip_grad_norm_(writer.parameters(), 0.5)
            optimizer.step()
        with torch.no_grad():
            following = writer(sentences)[0]
        updates.append((worth_of(sentences).mean().item(), kl_divergence(following, known).mean().item()))
    return updates


def mean(updates):
    return sum(worth for worth, _ in updates) / 5


free, held = tune(0), tune(0.5)
figures = {"worth": mean(free[-5:]), "worthHeld": mean(held[-5:]), "driftHeld": held[-1][1]}
run.figures("C-20", figures)
run.end()
