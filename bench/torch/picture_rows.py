"""The rows of nets on pictures, in training. ../picture_rows.ts has the same rows."""

import torch
import torch.nn.functional as F
from inputs import labels, set_parameters, wave
from net_rows import SwinBlock
from row import computing
from torch import nn


def step(net, x, loss_of):
    """A training step with Adam. With a rate of 0, all steps are the same."""
    parameters = list(set_parameters(net).parameters())
    optimizer = torch.optim.Adam(parameters, lr=0.0)

    def run():
        optimizer.zero_grad()
        loss = loss_of(net(x))
        loss.backward()
        optimizer.step()
        return loss

    return computing(run, lambda: [parameter.grad for parameter in parameters])


def conv(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def cnn():
    near = [conv(1, 16), nn.ReLU(), nn.MaxPool2d(2)]
    far = [conv(16, 32), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*near, *far, nn.Flatten(), nn.Linear(32 * 49, 10))
    y = labels(64)
    return step(net, wave(64, 1, 28, 28), lambda logits: F.cross_entropy(logits, y))


def places(net):
    """A net with two outputs for each place."""
    wanted = wave(16, 2, 32, 32, phase=1.3)
    return step(net, wave(16, 3, 32, 32), lambda found: F.mse_loss(found, wanted))


def twice(inputs, outputs):
    return nn.Sequential(conv(inputs, outputs), nn.ReLU(), conv(outputs, outputs), nn.ReLU())


def up(channels):
    return nn.ConvTranspose2d(channels, channels // 2, 2, stride=2)


class UNet(nn.Module):
    """`nn.UNet` without normalisation."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([twice(3, 16), twice(16, 32), twice(32, 64)])
        self.up = nn.ModuleList([up(32), up(64)])
        self.decoder = nn.ModuleList([twice(32, 16), twice(64, 32)])
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        near = self.encoder[0](x)
        middle = self.encoder[1](F.max_pool2d(near, 2))
        far = self.encoder[2](F.max_pool2d(middle, 2))
        back = self.decoder[1](torch.cat([middle, self.up[1](far)], 1))
        return self.head(self.decoder[0](torch.cat([near, self.up[0](back)], 1)))


class Windows(nn.Module):
    """Two Swin blocks on pictures with channels first."""

    def __init__(self, channels, side):
        super().__init__()
        blocks = [SwinBlock(channels, 2, 4, shift, side, ratio=2) for shift in (0, 2)]
        self.first, self.second = blocks

    def forward(self, x):
        return self.second(self.first(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class SwinUNet(nn.Module):
    """The net of examples/slabs.ts, but for the number of heads."""

    def __init__(self):
        super().__init__()
        self.near = twice(3, 16)
        self.down1 = nn.Conv2d(16, 32, 2, stride=2)
        self.middle = Windows(32, 16)
        self.down2 = nn.Conv2d(32, 64, 2, stride=2)
        self.far = Windows(64, 8)
        self.up2 = up(64)
        self.join2 = twice(64, 32)
        self.up1 = up(32)
        self.join1 = twice(32, 16)
        self.head = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        near = self.near(x)
        middle = self.middle(self.down1(near))
        far = self.far(self.down2(middle))
        back = self.join2(torch.cat([self.up2(far), middle], 1))
        return self.head(self.join1(torch.cat([self.up1(back), near], 1)))


PICTURE_ROWS = {
    "CNN step, 64 of 28x28, 16-32 channels": cnn,
    "U-Net step, 16 of 32x32, 16-32-64 channels": lambda: places(UNet()),
    "Swin-U-Net step, 16 of 32x32, 16-32-64 channels": lambda: places(SwinUNet()),
}
