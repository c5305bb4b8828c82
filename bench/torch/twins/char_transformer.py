"""The twin of examples/char_transformer.ts, whose text it reads."""

import math
import re
from pathlib import Path

import torch
from experiment import experiment
from torch import nn
from torch.nn.functional import cross_entropy

run = experiment()
CONTEXT, WIDTH, BATCH, STEPS = 32, 64, 16, 40 if run.quick else 80
script = Path(__file__).parents[3] / "examples" / "char_transformer.ts"
SONNET = re.search(r"SONNET = `(.*?)`", script.read_text(), re.S).group(1)


def waves():
    """The sines and cosines of positions that `nn.PositionalEncoding` adds."""
    rates = torch.exp(torch.arange(0, WIDTH, 2) * (-math.log(10000.0) / WIDTH))
    angles = torch.arange(CONTEXT).unsqueeze(1) * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


class LetterModel(nn.Module):
    def __init__(self, letters):
        super().__init__()
        self.embed = nn.Embedding(letters, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 128, 0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, letters)
        self.position = waves()
        self.mask = nn.Transformer.generate_square_subsequent_mask(CONTEXT)

    def forward(self, ids):
        x = self.embed(ids) + self.position
        return self.head(self.encoder(x, mask=self.mask, is_causal=True))


def learn(text):
    """Trains on a text. Returns the loss over all of it, in nats per letter."""
    torch.manual_seed(run.seed)
    letters = sorted(set(text))
    ids = torch.tensor([letters.index(letter) for letter in text])
    starts = len(ids) - CONTEXT
    model = LetterModel(len(letters))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    def loss(at):
        both = torch.stack([ids[start : start + CONTEXT + 1] for start in at])
        return cross_entropy(model(both[:, :CONTEXT]).flatten(0, 1), both[:, 1:].flatten())

    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(torch.randint(starts, (BATCH,)).tolist()).backward()
        optimizer.step()
    with torch.no_grad():
        return loss(range(0, starts // CONTEXT * CONTEXT, CONTEXT)).item()


shuffled = "".join(SONNET[i] for i in torch.randperm(len(SONNET)))
run.figures("char_transformer", {"transformer": learn(SONNET), "shuffled": learn(shuffled)})
run.end()
