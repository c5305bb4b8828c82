/**
 * PPO credits late rewards to the actions that earned them, in three synthetic environments: a
 * chain of decisions that is judged at its end, a pole on a cart, and an arm with two links. The
 * control ignores later rewards (γ = 0), so nothing can be credited.
 *
 *   deno run --allow-ffi examples/ppo_control.ts --seed 11
 */

import { distributions, losses, nn, noGrad, optim, rl, type Tensor, train } from "@adjoint/ml";
import { lines } from "@adjoint/ml/plot";

const run = train.experiment("PPO credits late rewards to the actions that earned them.");
const { Categorical, Normal } = distributions;
const mean = (x: readonly number[]) => x.reduce((sum, one) => sum + one, 0) / x.length;

type Policy = Pick<distributions.Distribution, "sample" | "logProb" | "entropy">;
type Settings = Record<"updates" | "steps" | "batch" | "lr" | "gamma", number>;

/** Trains; returns the mean return of the last 20 episodes after each update. */
function learn(
  env: rl.Environment,
  actor: nn.Sequential,
  critic: nn.Sequential,
  policy: (output: Tensor) => Policy,
  { updates, steps, batch, lr, gamma }: Settings,
): number[] {
  const ppo = new losses.PPOSequenceLoss({ normalizeAdvantage: true });
  const parameters = [...actor.parameters(), ...critic.parameters()];
  const optimizer = new optim.Adam(parameters, { lr });
  const value = (seen: Tensor) => critic.forward(seen).squeeze(-1);
  let seen = env.reset();
  return Array.from({ length: run.quick ? Math.ceil(updates / 8) : updates }, () => {
    const buffer = new rl.RolloutBuffer<keyof rl.EnvironmentStep | "action" | "logProb">();
    const { advantages, returns } = noGrad(() => {
      for (let t = 0; t < steps; t++) {
        const chosen = policy(actor.forward(seen));
        const action = chosen.sample();
        const step = env.step(action);
        buffer.add({ ...step, observation: seen, action, logProb: chosen.logProb(action) });
        seen = step.observation;
      }
      const { reward, observation, nextObservation, terminated, truncated } = buffer.stacked();
      return rl.gae(reward, value(observation), value(nextObservation), {
        terminated,
        truncated,
        gamma: run.control ? 0 : gamma, // the control ignores later rewards
      });
    });
    for (let epoch = 0; epoch < 4; epoch++) {
      for (const part of buffer.batches(batch, { more: { advantages, returns } })) {
        const chosen = policy(actor.forward(part.observation));
        const old = [part.logProb, part.advantages, part.returns] as const;
        const said = value(part.observation);
        optimizer.zeroGrad();
        ppo.forward(chosen.logProb(part.action), ...old, said, chosen.entropy()).loss.backward();
        nn.utils.clipGradNorm_(parameters, 0.5);
        optimizer.step();
      }
    }
    return mean(env.episodeReturns.slice(-20));
  });
}

const linear = (outputs: number) => new nn.Sequential(new nn.Linear(10, outputs));
const net = (inputs: number, outputs: number) => {
  const layers = [new nn.Linear(inputs, 64), new nn.Tanh(), new nn.Linear(64, 64), new nn.Tanh()];
  return new nn.Sequential(...layers, new nn.Linear(64, outputs));
};
const choice = (logits: Tensor) => new Categorical({ logits });
/** A rotation of each joint, independent of the other's. */
const turns = (output: Tensor) => {
  const [loc, logScale] = output.split(2, -1) as [Tensor, Tensor];
  const joints = new Normal(loc, logScale.sub(0.5).exp());
  return {
    sample: () => joints.sample(),
    logProb: (action: Tensor) => joints.logProb(action).sum(-1),
    entropy: () => joints.entropy().sum(-1),
  };
};

const chain = new rl.Chain({ count: 64 });
const short = { updates: 60, steps: 10, batch: 640, lr: 0.05, gamma: 1 };
learn(chain, linear(2), linear(1), choice, short);
const cart = new rl.CartPole({ count: 16 });
const long = { updates: 60, steps: 128, batch: 256, lr: 1e-3, gamma: 0.99 };
const held = learn(cart, net(4, 2), net(4, 1), choice, long);
const arm = net(8, 4);
const near = { updates: 150, steps: 50, batch: 400, lr: 3e-3, gamma: 0.9 };
learn(new rl.Reacher({ count: 32 }), arm, net(8, 1), turns, near);

/** The mean distance of the tip from the target at the end of an episode, over 500 episodes. */
const distance = (act: (seen: Tensor) => Tensor) => {
  const env = new rl.Reacher({ count: 500 });
  let seen = env.reset();
  for (let t = 0; t < 49; t++) seen = env.step(act(seen)).observation;
  return -env.step(act(seen)).reward.mean().item();
};
const random = distance(() => new Normal(0, 1).sample([500, 2]));
const learned = noGrad(() => distance((seen) => arm.forward(seen).narrow(-1, 0, 2)));

console.log(
  "REINFORCE is as good on the chain. The pole's best result need not be its last.",
);
const [first, last] = [chain.episodeReturns.slice(0, 64), chain.episodeReturns.slice(-320)];
const [best, end] = [Math.max(...held), held.at(-1) ?? NaN];
const reach = learned / random;
run.figures("C-17", { chainStart: mean(first), chain: mean(last), best, end, reach, learned });
const axes = { xLabel: "update", yLabel: "steps for which the pole is held, of 500" };
run.picture("cart_pole", lines(held, axes));
run.end();
