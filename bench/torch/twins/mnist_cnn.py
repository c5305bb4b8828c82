"""The twin of examples/mnist_cnn.ts."""

import copy

import torch
from experiment import digits, experiment
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

run = experiment()
sizes = [400, 100, 200, 9300] if run.quick else [7200, 800, 2000]
known, watched, unknown = random_split(TensorDataset(*digits()), sizes)[:3]
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.3),
    nn.Linear(32 * 49, 10),
)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)


def tested(digits):
    model.eval()
    with torch.no_grad():
        found = [(model(x), y) for x, y in DataLoader(digits, batch_size=64)]
    model.train()
    logits, labels = (torch.cat(parts) for parts in zip(*found))
    accuracy = (logits.argmax(1) == labels).float().mean().item()
    return {"accuracy": accuracy, "loss": cross_entropy(logits, labels).item()}


best, weights, waited = -1.0, None, 0
for _ in range(2 if run.quick else 5):
    for x, y in DataLoader(known, batch_size=64, shuffle=True):
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()
    accuracy = tested(watched)["accuracy"]
    if accuracy > best:
        best, weights, waited = accuracy, copy.deepcopy(model.state_dict()), 0
    elif (waited := waited + 1) == 3:
        break
model.load_state_dict(weights)
run.figures("mnist_cnn", tested(unknown))
run.end()
