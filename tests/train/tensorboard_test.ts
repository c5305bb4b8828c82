/** Records of numbers, byte for byte as TensorBoard's writer makes them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { scalarsRecord, versionRecord } from "../../lib/train/tensorboard.ts";
import { train } from "../../mod.ts";
import fixture from "../fixtures/tensorboard_events.json" with { type: "json" };
import read from "../fixtures/tensorboard_read.json" with { type: "json" };
import { problem } from "./problem.ts";
import { writeExample } from "./tensorboard_example.ts";

Deno.test("records are those of TensorBoard's writer", () => {
  assertEquals(versionRecord(fixture.time).toHex(), fixture.version);
  for (const { step, values, bytes } of fixture.scalars) {
    const given = values as Record<string, number>;
    assertEquals(scalarsRecord(fixture.time, step, given).toHex(), bytes, `step ${step}`);
  }
});

Deno.test("TensorBoard's own reader finds what TensorBoardLogger noted", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const noted = writeExample(folder);
    const [file] = [...Deno.readDirSync(folder)];
    // The reader was given this very file.
    assertEquals((await Deno.readFile(`${folder}/${file?.name}`)).toHex(), read.file);
    assertEquals(JSON.parse(JSON.stringify(noted)), read.scalars);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The bytes of the messages in a file of records. */
function messages(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    found.push(bytes.subarray(at + 12, at + 12 + length));
    at += 12 + length + 4;
  }
  return found;
}

Deno.test("TensorBoardLogger writes steps and epochs, in a new file for each run", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const logger = new train.TensorBoardLogger(`${folder}/a/b`, { every: 2 });
    const run = () => train.fit({ ...problem(), epochs: 2, clipGradNorm: 1, callbacks: [logger] });
    await run();
    await run();
    const files = [...Deno.readDirSync(`${folder}/a/b`)].map(({ name }) => name);
    assertEquals(files.length, 2);
    assert(files.every((name) => /^events\.out\.tfevents\.\d{10}\./.test(name)), `${files}`);
    const text = new TextDecoder();
    const events = messages(await Deno.readFile(`${folder}/a/b/${files[0]}`)).map((m) =>
      text.decode(m)
    );
    // The version, every second of ten steps, two epochs.
    assertEquals(events.map((event) => /step\/loss|epoch\/loss|brain/.exec(event)?.[0]), [
      ...["brain", "step/loss", "step/loss", "epoch/loss"],
      ...["step/loss", "step/loss", "step/loss", "epoch/loss"],
    ]);
    assert(events[1]?.includes("step/gradNorm"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertThrows(() => new train.TensorBoardLogger("x", { every: 0 }), TypeError, "positive integer");
});
