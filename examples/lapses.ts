/**
 * Does a jump of the error reveal a lapse of attention? An autoencoder learns what calm behaviour
 * looks like. When the moving mean of its error exceeds a limit, an alarm switches the strategy.
 * Synthetic streams.
 *
 *   deno run --allow-ffi examples/lapses.ts --seed 11
 */
import { data, losses, metrics, nn, noGrad, optim, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A jump of the error raises an alarm, which switches the strategy.");
const world = Number(run.seed);
const [CALM, LAPSE] = [100, 40];
const EPISODES = run.quick ? 10 : 40;

const calm = data.synthetic.lapses(500, { world }).x;
const model = new nn.Sequential(new nn.Linear(12, 3), new nn.Linear(3, 12));
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
for (let step = 0; step < (run.quick ? 300 : 800); step++) {
  optimizer.zeroGrad();
  losses.mse(model.forward(calm), calm).backward();
  optimizer.step();
}
/** The error of each window. */
function errorsOf(lapsed: number, n: number): number[] {
  const { x } = data.synthetic.lapses(n, { world, lapsed });
  return noGrad(() => model.forward(x).sub(x).square().mean(1)).toArray() as number[];
}

type Strategy = "explain" | "practise" | "pause";
const NEXT: Readonly<Record<Strategy, Strategy>> = {
  explain: "practise",
  practise: "pause",
  pause: "explain",
};

/** Alarms in episodes that all begin calm, and their delay. */
function watched(detector: metrics.Ewma | metrics.Cusum) {
  let strategy: Strategy = "explain";
  const found = { missed: 0, falseAlarms: 0, latencies: [] as number[], switches: 0 };
  for (let episode = 0; episode < EPISODES; episode++) {
    detector.reset();
    const errors = errorsOf(LAPSE / (CALM + LAPSE), CALM + LAPSE);
    // In the control the alarm never rings.
    const at = run.control ? -1 : errors.findIndex((error) => detector.update(error));
    if (at === -1) found.missed++;
    else {
      strategy = NEXT[strategy];
      found.switches++;
      if (at < CALM) found.falseAlarms++;
      else found.latencies.push(at - CALM + 1);
    }
  }
  return { ...found, latency: Math.max(0, ...found.latencies), strategy };
}

const before = errorsOf(0, 300);
const ewma = watched(new metrics.Ewma(before, { alpha: 0.3, threshold: 4.8 }));
const cusum = watched(new metrics.Cusum(before, { slack: 1, threshold: 8 }));
for (const [name, { missed, falseAlarms, latency, switches }] of Object.entries({ ewma, cusum })) {
  console.log(
    `${name}: ${missed} of ${EPISODES} lapses missed, ${falseAlarms} false alarms in ` +
      `${EPISODES * CALM} calm windows, at most ${latency} windows late, ${switches} switches`,
  );
}
const detector = new metrics.Ewma(before, { alpha: 0.3, threshold: 4.8 });
const errors = errorsOf(LAPSE / (CALM + LAPSE), CALM + LAPSE);
const level = errors.map((error) => {
  detector.update(error);
  return detector.level;
});
run.picture(
  "lapse",
  plot.lines({ error: errors, "moving mean": level }, {
    title: "Attention lapses after a hundred windows",
    xLabel: "window",
    references: [{ x: CALM, label: "lapse" }, { y: detector.limit, label: "limit" }],
  }),
);
const { missed, falseAlarms, latency } = ewma;
run.figures("A-20", { episodes: EPISODES, missed, falseAlarms, latency });
run.end();
