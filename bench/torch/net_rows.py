"""The rows of nets. ../net_rows.ts has the same rows by the same names."""

import torch
import torch.nn.functional as F
from inputs import labels, set_parameters, wave
from row import computing
from torch import nn


def backward(net, shape, run):
    """A net on an input, with the gradients of both."""
    parameters = list(net.parameters())
    x = wave(*shape).requires_grad_()
    gradient = wave(*run(x).shape, phase=2.3, offset=0.5)

    def step():
        for leaf in [x, *parameters]:
            leaf.grad = None
        y = run(x)
        y.backward(gradient)
        return y

    return computing(step, lambda: [leaf.grad for leaf in [x, *parameters]])


def lstm():
    net = set_parameters(nn.LSTM(32, 64, batch_first=True))
    return backward(net, [16, 50, 32], lambda x: net(x)[0])


def encoder_layer():
    net = set_parameters(nn.TransformerEncoderLayer(64, 4, 128, 0.0, batch_first=True))
    return backward(net, [16, 32, 64], net)


class Windows(nn.Module):
    """Attention in windows of a square, possibly shifted, with learned biases."""

    def __init__(self, features, heads, size, shift, side):
        super().__init__()
        self.heads, self.size, self.shift = heads, size, shift
        self.table = nn.Parameter(torch.zeros((2 * size - 1) ** 2, heads))
        self.qkv = nn.Linear(features, 3 * features)
        self.proj = nn.Linear(features, features)
        row, column = torch.arange(size * size) // size, torch.arange(size * size) % size
        places = [one[:, None] - one[None, :] + size - 1 for one in (row, column)]
        self.places = (places[0] * (2 * size - 1) + places[1]).flatten()
        band = torch.cat([torch.zeros(side - size), torch.ones(size - shift), torch.full((shift,), 2)])
        if shift == 0:
            band.zero_()
        regions = self.windows((3 * band[:, None] + band[None, :])[None, :, :, None]).squeeze(2)
        self.mask = (regions[:, :, None] != regions[:, None, :]) * -100.0

    def windows(self, x):
        batch, rows, columns, features = x.shape
        size = self.size
        parts = x.view(batch, rows // size, size, columns // size, size, features)
        return parts.permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size, features)

    def forward(self, x):
        batch, rows, columns, features = x.shape
        size, heads = self.size, self.heads
        turned = x.roll((-self.shift, -self.shift), (1, 2)) if self.shift > 0 else x
        inner = self.windows(turned)
        parts = self.qkv(inner).view(len(inner), size * size, 3, heads, features // heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        scores = (q * (features // heads) ** -0.5) @ k.transpose(-2, -1)
        bias = self.table[self.places].view(size * size, size * size, heads).permute(2, 0, 1)
        scores = scores.view(batch, -1, heads, size * size, size * size)
        scores = scores + bias
        if self.shift > 0:
            scores = scores + self.mask[:, None]
        y = scores.softmax(-1).view(len(inner), heads, size * size, size * size) @ v
        y = self.proj(y.transpose(1, 2).reshape(len(inner), size * size, features))
        y = y.view(batch, rows // size, columns // size, size, size, features)
        y = y.permute(0, 1, 3, 2, 4, 5).reshape(batch, rows, columns, features)
        return y.roll((self.shift, self.shift), (1, 2)) if self.shift > 0 else y


class SwinBlock(nn.Module):
    def __init__(self, features, heads, size, shift, side, ratio=4):
        super().__init__()
        self.norm1 = nn.LayerNorm(features)
        self.attn = Windows(features, heads, size, shift, side)
        self.norm2 = nn.LayerNorm(features)
        inner = ratio * features
        self.mlp = nn.Sequential(nn.Linear(features, inner), nn.GELU(), nn.Linear(inner, features))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def swin_block():
    net = set_parameters(SwinBlock(32, 4, 7, 3, 14))
    return backward(net, [4, 14, 14, 32], net)


def attention():
    inputs = [wave(8, 8, 256, 64, phase=phase).requires_grad_() for phase in (0.3, 1.3, 2.3)]
    gradient = wave(8, 8, 256, 64, phase=3.3, offset=0.5)

    def step():
        for x in inputs:
            x.grad = None
        y = F.scaled_dot_product_attention(*inputs)
        y.backward(gradient)
        return y

    return computing(step, lambda: [x.grad for x in inputs])


class GcnLayer(nn.Module):
    """GCNConv as in PyTorch Geometric, for edges without loops."""

    def __init__(self, features, outputs):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.lin = nn.Linear(features, outputs, bias=False)

    def forward(self, x, edges):
        nodes = len(x)
        loops = torch.arange(nodes)
        plain = edges[0] != edges[1]
        source, target = (torch.cat([ends[plain], loops]) for ends in edges)
        weight = torch.ones(len(source))
        roots = torch.zeros(nodes).scatter_add_(0, target, weight).pow_(-0.5)
        roots.masked_fill_(roots == float("inf"), 0)
        weight = roots[source] * weight * roots[target]
        messages = self.lin(x).index_select(0, source) * weight.unsqueeze(1)
        places = target.unsqueeze(1).expand_as(messages)
        return messages.new_zeros(nodes, messages.shape[1]).scatter_add_(0, places, messages) + self.bias


class Gcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = GcnLayer(32, 64)
        self.second = GcnLayer(64, 10)

    def forward(self, x, edges):
        return self.second(self.first(x, edges).relu(), edges)


def gcn_step():
    net = set_parameters(Gcn())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    x, y = wave(1000, 32), labels(1000)
    i = torch.arange(4000)
    source, target = i % 1000, (i * 7 + 13) % 1000
    edges = torch.stack([source, torch.where(source == target, (target + 1) % 1000, target)])

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x, edges), y)
        loss.backward()
        optimizer.step()
        return loss

    return computing(step, lambda: list(net.parameters()))


NET_ROWS = {
    "LSTM 32-64 of 16x50, backward": lstm,
    "transformer encoder layer of 16x32x64, 4 heads, 128, backward": encoder_layer,
    "GCN step, 1000 nodes, 4000 edges, 32-64-10": gcn_step,
    "Swin block of 4x14x14x32, 4 heads, windows of 7, backward": swin_block,
    "attention of 8x8x256x64, backward": attention,
}
