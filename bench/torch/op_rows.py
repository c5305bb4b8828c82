"""The rows of single ops. ../op_rows.ts has the same rows by the same names."""

import torch
import torch.nn.functional as F
from inputs import positions, wave
from row import computing


def inputs_of(shapes):
    """Inputs around 1/2, since sums of a sine would be only rounding."""
    return [wave(*shape, phase=0.3 + i, offset=0.5) for i, shape in enumerate(shapes)]


def forward(shapes, compute):
    """The op without recording."""
    inputs = inputs_of(shapes)
    return computing(lambda: compute(*inputs))


def backward(shapes, compute):
    """The op with the gradients of all inputs."""
    inputs = inputs_of(shapes)
    gradient = wave(*compute(*inputs).shape, phase=2.3, offset=0.5)
    for x in inputs:
        x.requires_grad_()

    def run():
        for x in inputs:
            x.grad = None
        y = compute(*inputs)
        y.backward(gradient)
        return y

    return computing(run, lambda: [x.grad for x in inputs])


SQUARE = (512, 512)
IMAGES = (64, 32, 32, 32)
LOGITS = (64, 1000)
TABLE = (10000, 64)


def views(recording=False):
    x = wave(64).requires_grad_(recording)
    return computing(lambda: x.reshape(4, 16).transpose(0, 1)[2:10].expand(3, 8, 4))


NORMALIZED = (
    [(64, 50, 256), (256,), (256,)],
    lambda x, weight, bias: F.layer_norm(x, (256,), weight, bias),
)


def gather():
    index = positions(1000, 64, extent=10000)
    return forward([TABLE], lambda x: x.gather(0, index))


def scatter_add():
    index = positions(1000, 64, extent=10000)
    return forward([TABLE, (1000, 64)], lambda x, source: x.scatter_add(0, index, source))


def index_select():
    index = positions(1000, extent=10000)
    return forward([TABLE], lambda x: x.index_select(0, index))


def index_add():
    index = positions(1000, extent=10000)
    return forward([TABLE, (1000, 64)], lambda x, source: x.index_add(0, index, source))


def at_positions():
    index = positions(32, 32, extent=10000)
    return forward([TABLE], lambda x: x[index])


def at_mask():
    mask = wave(*SQUARE) > 0
    return forward([SQUARE], lambda x: x[mask])


def embedding():
    words = positions(32, 32, extent=1000)
    return backward([(1000, 64)], lambda weight: F.embedding(words, weight))


SIGNAL = [(16, 64, 256), (64, 64, 5)], lambda x, weight: F.conv1d(x, weight, padding=2)
FEATURES = [(8, 64, 32, 32), (64, 64, 3, 3)], lambda x, weight: F.conv2d(x, weight, padding=1)
PICTURES = (
    [(16, 3, 64, 64), (32, 3, 3, 3)],
    lambda x, weight: F.conv2d(x, weight, padding=1, stride=2),
)
VOLUMES = (
    [(2, 16, 16, 16, 16), (16, 16, 3, 3, 3)],
    lambda x, weight: F.conv3d(x, weight, padding=1),
)
SCAN = [(1, 1, 32, 32, 32), (8, 1, 3, 3, 3)], lambda x, weight: F.conv3d(x, weight, padding=1)

PRODUCTS = [(16, 64, 64), (16, 64, 64)], lambda a, b: torch.einsum("bij,bjk->bik", a, b)
ATTENTION = (
    [(2, 4, 64, 32), (2, 4, 64, 32)],
    lambda queries, keys: torch.einsum("bhid,bhjd->bhij", queries, keys),
)

OP_ROWS = {
    "4 views of 64 floats, not recording": lambda: views(),
    "4 views of 64 floats, recording": lambda: views(True),
    "copy of 512x512, transposed": lambda: forward([SQUARE], lambda x: x.t().contiguous()),
    "copy of 64x32x32x32, permuted to 0, 2, 3, 1": lambda: forward(
        [IMAGES], lambda x: x.permute(0, 2, 3, 1).contiguous()
    ),
    "copy of each second column of 512x512": lambda: forward([SQUARE], lambda x: x[:, ::2].contiguous()),
    "cat of two 512x512 over 1": lambda: forward([SQUARE, SQUARE], lambda a, b: torch.cat([a, b], 1)),
    "sum over 0 of 64x32x32x32": lambda: forward([IMAGES], lambda x: x.sum(0)),
    "sum over 1 of 64x32x32x32": lambda: forward([IMAGES], lambda x: x.sum(1)),
    "sum over 2, 3 of 64x32x32x32": lambda: forward([IMAGES], lambda x: x.sum((2, 3))),
    "sum over 0, 2, 3 of 64x32x32x32": lambda: forward([IMAGES], lambda x: x.sum((0, 2, 3))),
    "mean of 512x512": lambda: forward([SQUARE], lambda x: x.mean()),
    "max over 0 of 512x512, with indices": lambda: forward([SQUARE], lambda x: x.max(0)),
    "max over 1 of 512x512, with indices": lambda: forward([SQUARE], lambda x: x.max(1)),
    "argmax over 1 of 512x512": lambda: forward([SQUARE], lambda x: x.argmax(1)),
    "variance over 1 of 512x512": lambda: forward([SQUARE], lambda x: x.var(1)),
    "norm over 1 of 512x512": lambda: forward([SQUARE], lambda x: torch.linalg.vector_norm(x, dim=1)),
    "logsumexp over 1 of 512x512": lambda: forward([SQUARE], lambda x: x.logsumexp(1)),
    "cumsum over 0 of 512x512": lambda: forward([SQUARE], lambda x: x.cumsum(0)),
    "cumsum over 1 of 512x512": lambda: forward([SQUARE], lambda x: x.cumsum(1)),
    "softmax over 0 of 64x1000": lambda: forward([LOGITS], lambda x: x.softmax(0)),
    "softmax over 1 of 64x1000": lambda: forward([LOGITS], lambda x: x.softmax(1)),
    "gelu of 512x512, backward": lambda: backward([SQUARE], torch.nn.functional.gelu),
    "softmax over 1 of 512x512, backward": lambda: backward([SQUARE], lambda x: x.softmax(1)),
    "logSoftmax over 0 of 64x1000": lambda: forward([LOGITS], lambda x: x.log_softmax(0)),
    "logSoftmax over 1 of 64x1000": lambda: forward([LOGITS], lambda x: x.log_softmax(1)),
    "logSoftmax over 1 of 512x512, backward": lambda: backward([SQUARE], lambda x: x.log_softmax(1)),
    "layer norm over 256 of 64x50x256": lambda: forward(*NORMALIZED),
    "layer norm over 256 of 64x50x256, backward": lambda: backward(*NORMALIZED),
    "gather of 1000x64 from 10000x64": gather,
    "scatterAdd of 1000x64 to 10000x64": scatter_add,
    "indexSelect of 1000 rows from 10000x64": index_select,
    "indexAdd of 1000 rows to 10000x64": index_add,
    "at 32x32 positions of 10000x64": at_positions,
    "at a mask of 512x512": at_mask,
    "embedding of 32x32 words by 1000x64, backward": embedding,
    "conv1d 5 of 16x64x256 to 64": lambda: forward(*SIGNAL),
    "conv1d 5 of 16x64x256 to 64, backward": lambda: backward(*SIGNAL),
    "conv2d 3x3 of 8x64x32x32 to 64": lambda: forward(*FEATURES),
    "conv2d 3x3 of 8x64x32x32 to 64, backward": lambda: backward(*FEATURES),
    "conv2d 3x3 of 16x3x64x64 to 32, stride 2": lambda: forward(*PICTURES),
    "conv2d 3x3 of 16x3x64x64 to 32, stride 2, backward": lambda: backward(*PICTURES),
    "conv3d 3x3x3 of 2x16x16x16x16 to 16": lambda: forward(*VOLUMES),
    "conv3d 3x3x3 of 2x16x16x16x16 to 16, backward": lambda: backward(*VOLUMES),
    "conv3d 3x3x3 of 1x1x32x32x32 to 8": lambda: forward(*SCAN),
    "conv3d 3x3x3 of 1x1x32x32x32 to 8, backward": lambda: backward(*SCAN),
    "maxPool2d 2 of 16x32x64x64, backward": lambda: backward(
        [(16, 32, 64, 64)], lambda x: F.max_pool2d(x, 2)
    ),
    "sort over 1 of 512x512": lambda: forward([SQUARE], lambda x: x.sort(1)),
    "topk 10 over 1 of 512x512": lambda: forward([SQUARE], lambda x: x.topk(10, 1)),
    "einsum bij,bjk->bik of 16x64x64": lambda: forward(*PRODUCTS),
    "einsum bhid,bhjd->bhij of 2x4x64x32": lambda: forward(*ATTENTION),
}
