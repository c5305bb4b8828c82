"""The twin of examples/ssim_denoise.ts; SSIM with the window as two convolutions."""

import math

import torch
from experiment import experiment
from torch import nn
from torch.nn.functional import conv2d, mse_loss

run = experiment()
SIDE, BATCH, STEPS, NOISE = 32, 8, 120 if run.quick else 200, 0.2


def blobs(count):
    at = torch.linspace(0, 1, SIDE)
    x, y, width = (torch.rand(count, 4, 1, 1) for _ in range(3))
    away = (at - x).square() + (at.unsqueeze(1) - y).square()
    return torch.exp(-away / (width * 0.02 + 0.005)).amax(1, keepdim=True)


window = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
window = (window / window.sum()).reshape(1, 1, 1, 11)


def mean(x):
    return conv2d(conv2d(x, window), window.transpose(2, 3))


def ssim_loss(p, t):
    mp, mt = mean(p), mean(t)
    vp, vt, cov = mean(p * p) - mp * mp, mean(t * t) - mt * mt, mean(p * t) - mp * mt
    top = (2 * mp * mt + 1e-4) * (2 * cov + 9e-4)
    return 1 - (top / ((mp * mp + mt * mt + 1e-4) * (vp + vt + 9e-4))).mean()


def trained(loss):
    torch.manual_seed(run.seed)
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1)]
    model = nn.Sequential(*layers, nn.ReLU(), nn.Conv2d(16, 1, 3, padding=1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def clean(image):
        return image + model(image)

    for _ in range(STEPS):
        target = blobs(BATCH)
        optimizer.zero_grad()
        loss(clean(target + torch.randn_like(target) * NOISE), target).backward()
        optimizer.step()
    with torch.no_grad():
        target = blobs(64)
        found = clean(target + torch.randn_like(target) * NOISE)
        noise = mse_loss(found, target).item()
        return 1 - ssim_loss(found, target).item(), -10 * math.log10(noise)


(ssim, psnr), (mse_ssim, mse_psnr) = trained(ssim_loss), trained(mse_loss)
figures = {"ssim": ssim, "psnr": psnr, "mseSsim": mse_ssim, "msePsnr": mse_psnr}
run.figures("ssim_denoise", figures)
run.end()
