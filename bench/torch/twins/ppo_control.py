"""The twin of examples/ppo_control.ts."""

import torch
from experiment import experiment
from torch import nn
from torch.distributions import Categorical, Independent, Normal

run = experiment()


class Environment:
    """Environments side by side; each restarts when it has ended."""

    limit = float("inf")

    def __init__(self, count):
        self.count, self.returns = count, []

    def reset(self):
        self.state = self.begin(self.count)
        self.steps, self.sums = torch.zeros(self.count), torch.zeros(self.count)
        return self.observe()

    def step(self, action):
        reward, terminated = self.move(action)
        self.steps += 1
        self.sums += reward
        truncated = ~terminated & (self.steps >= self.limit)
        following = self.observe()
        over = terminated | truncated
        if over.any():
            self.returns += self.sums[over].tolist()
            self.state[over] = self.begin(int(over.sum()))
            self.steps[over], self.sums[over] = 0, 0
        return self.observe(), reward, terminated, truncated, following


class Chain(Environment):
    def __init__(self, count):
        super().__init__(count)
        self.key = torch.randint(0, 2, (10,))

    def begin(self, count):
        return torch.zeros(count, 2, dtype=torch.long)

    def move(self, action):
        self.state[:, 1] += action == self.key[self.state[:, 0]]
        self.state[:, 0] += 1
        terminated = self.state[:, 0] == 10
        return (terminated & (self.state[:, 1] >= 8)).float(), terminated

    def observe(self):
        return nn.functional.one_hot(self.state[:, 0], 11)[:, :10].float()


class CartPole(Environment):
    limit = 500

    def begin(self, count):
        return torch.rand(count, 4) * 0.1 - 0.05

    def move(self, action):
        x, speed, angle, turn = self.state.unbind(1)
        force, cos, sin = torch.where(action == 1, 10.0, -10.0), angle.cos(), angle.sin()
        push = (force + 0.05 * turn**2 * sin) / 1.1
        turning = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
        moving = push - 0.05 * turning * cos / 1.1
        changes = torch.stack([speed, moving, turn, turning], 1)
        self.state = self.state + 0.02 * changes
        over = (self.state[:, 0].abs() > 2.4) | (self.state[:, 2].abs() > 12 * torch.pi / 180)
        return torch.ones(self.count), over

    def observe(self):
        return self.state.clone()


class Reacher(Environment):
    limit = 50

    def begin(self, count):
        shoulder, elbow, direction = ((torch.rand(count, 3) * 2 - 1) * torch.pi).unbind(1)
        radius = (torch.rand(count) * (1.9**2 - 0.3**2) + 0.3**2).sqrt()
        return torch.stack([shoulder, elbow, radius * direction.cos(), radius * direction.sin()], 1)

    def way(self):
        shoulder, both = self.state[:, 0], self.state[:, :2].sum(1)
        tip = torch.stack([shoulder.cos() + both.cos(), shoulder.sin() + both.sin()], 1)
        return self.state[:, 2:] - tip

    def move(self, action):
        self.state[:, :2] += 0.15 * action.clamp(-1, 1)
        return -self.way().norm(dim=1), torch.zeros(self.count, dtype=torch.bool)

    def observe(self):
        joints = self.state[:, :2]
        both = torch.stack([joints.sin(), joints.cos()], 2).flatten(1)
        return torch.cat([both, self.state[:, 2:], self.way()], 1)


def gae(reward, values, following, terminated, truncated, gamma):
    errors = reward + gamma * following * ~terminated - values
    on = gamma * 0.95 * ~(terminated | truncated)
    advantages, ahead = torch.empty_like(reward), torch.zeros(reward.shape[1])
    for t in reversed(range(len(reward))):
        ahead = advantages[t] = errors[t] + on[t] * ahead
    return advantages, advantages + values


def learn(env, actor, critic, policy, updates, steps, batch, lr, gamma):
    parameters = [*actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=lr)
    seen, means = env.reset(), []
    for _ in range(-(-updates // 8) if run.quick else updates):
        rollout = []
        with torch.no_grad():
            for _ in range(steps):
                chosen = policy(actor(seen))
                action = chosen.sample()
                following, *rest = env.step(action)
                rollout.append((seen, action, chosen.log_prob(action), *rest))
                seen = following
            seen_all, actions, logprobs, reward, terminated, truncated, after = map(torch.stack, zip(*rollout))
            values, later = critic(seen_all).squeeze(-1), critic(after).squeeze(-1)
            advantages, returns = gae(reward, values, later, terminated, truncated, gamma)
        flat = [x.flatten(0, 1) for x in (seen_all, actions, logprobs, advantages, returns)]
        for _ in range(4):
            for rows in torch.randperm(steps * env.count).split(batch):
                states, action, old, gain, goal = (x[rows] for x in flat)
                chosen = policy(actor(states))
                ratio = (chosen.log_prob(action) - old).exp()
                gain = (gain - gain.mean()) / (gain.std(correction=0) + 1e-8)
                surrogate = torch.min(ratio * gain, ratio.clamp(0.8, 1.2) * gain).mean()
                error = nn.functional.mse_loss(critic(states).squeeze(-1), goal)
                optimizer.zero_grad()
                (-surrogate + 0.5 * error - 0.01 * chosen.entropy().mean()).backward()
                nn.utils.clip_grad_norm_(parameters, 0.5)
                optimizer.step()
        last = env.returns[-20:]
        means.append(sum(last) / len(last))
    return means


def net(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs))


def choice(logits):
    return Categorical(logits=logits)


def turns(output):
    loc, scale = output.chunk(2, -1)
    return Independent(Normal(loc, (scale - 0.5).exp()), 1)


def distance(act):
    env = Reacher(500)
    seen = env.reset()
    for _ in range(49):
        seen = env.step(act(seen))[0]
    return -env.step(act(seen))[1].mean().item()


chain = Chain(64)
learn(chain, nn.Linear(10, 2), nn.Linear(10, 1), choice, 60, 10, 640, 0.05, 1.0)
held = learn(CartPole(16), net(4, 2), net(4, 1), choice, 60, 128, 256, 1e-3, 0.99)
arm = net(8, 4)
learn(Reacher(32), arm, net(8, 1), turns, 150, 50, 400, 3e-3, 0.9)
random = distance(lambda _: torch.randn(500, 2))
with torch.no_grad():
    reach = distance(lambda seen: arm(seen)[:, :2]) / random
last = chain.returns[-320:]
run.figures("C-17", {"chain": sum(last) / len(last), "best": max(held), "reach": reach})
run.end()
