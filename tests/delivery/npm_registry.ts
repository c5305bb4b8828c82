/** npm's registry on this machine: Verdaccio, to which `npm publish` publishes and from which Deno loads. */

import { ROOT } from "../tools/places.ts";
import { quietly, runWith } from "../tools/run.ts";
import { DAYS_AGO } from "./jsr_registry.ts";

const FOLDER = new URL("target/verdaccio/", ROOT);

/** What npm installs. */
const MANIFEST = {
  private: true,
  dependencies: { verdaccio: "6.8.0" },
  // What it asks for itself cannot always be had.
  overrides: { "node-fetch": "2.7.0" },
};

/** Anybody on this machine may read and publish; nothing is asked of other registries. */
const CONFIG = {
  storage: "./storage",
  uplinks: {},
  packages: { "**": { access: "$all", publish: "$all", unpublish: "$all" } },
  log: { type: "stdout", format: "json", level: "warn" },
};

/** Installs the registry, where it is not there yet. */
async function install(): Promise<void> {
  const manifest = JSON.stringify(MANIFEST);
  const file = new URL("package.json", FOLDER);
  try {
    if (await Deno.readTextFile(new URL("installed.json", FOLDER)) === manifest) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeTextFile(file, manifest);
  const args = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
  const { code, output } = await runWith(
    { show: false },
    "npm",
    ...args,
    "--prefix",
    FOLDER.pathname,
  );
  if (code !== 0) {
    throw new Error(`Cannot test the delivery: npm cannot install Verdaccio: ${output}`);
  }
  await Deno.writeTextFile(new URL("installed.json", FOLDER), manifest);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A registry that runs. */
export interface NpmRegistry extends AsyncDisposable {
  /** For `NPM_CONFIG_REGISTRY`. */
  readonly url: string;
  /** The folder of a package: what is served lies there. */
  storage(name: string): string;
  /** Publishes a folder, and dates it back. */
  publish(folder: string): Promise<void>;
}

/** Starts an empty registry, which ends with its scope. */
export async function startNpm(): Promise<NpmRegistry> {
  await install();
  const folder = await Deno.makeTempDir();
  const config = `${folder}/config.yaml`;
  // JSON is YAML.
  await Deno.writeTextFile(config, JSON.stringify(CONFIG));
  const url = `http://127.0.0.1:${freePort()}/`;
  const program = new URL("node_modules/verdaccio/bin/verdaccio", FOLDER).pathname;
  const child = new Deno.Command("node", {
    args: [program, "--config", config, "--listen", url],
    cwd: folder,
    stdout: "null",
    stderr: "null",
  }).spawn();
  const deadline = Date.now() + 30_000;
  while (
    !await fetch(`${url}-/ping`).then(async (r) => (await r.body?.cancel(), r.ok), () => false)
  ) {
    if (Date.now() > deadline) {
      throw new Error("Cannot test the delivery: Verdaccio does not answer");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const storage = (name: string) => `${folder}/storage/${name}`;
  return {
    url,
    storage,
    async publish(from) {
      const token = `--${url.slice("http:".length)}:_authToken=anybody`;
      await quietly({}, "npm", "publish", from, "--registry", url, token);
      const { name } = JSON.parse(await Deno.readTextFile(`${from}/package.json`));
      const file = `${storage(name)}/package.json`;
      const meta = JSON.parse(await Deno.readTextFile(file));
      for (const version of Object.keys(meta.time)) meta.time[version] = DAYS_AGO;
      await Deno.writeTextFile(file, JSON.stringify(meta));
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
