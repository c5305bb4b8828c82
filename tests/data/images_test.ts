/** Images: Pillow's pixels for each kind of file, other numbers of channels, and damaged files. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeImage, readImage } from "../../lib/data/images.ts";
import { assertClose, CheckError } from "../../lib/testing/mod.ts";
import { data, ShapeError, tensor } from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";

interface ImageCase {
  readonly title: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const CASES = casesOf<ImageCase>("images");
const bytesOf = ({ file }: ImageCase) => Uint8Array.fromBase64(file);
const named = (title: string) => CASES.find((own) => own.title === title)!;

function compare(own: ImageCase, decode: typeof decodeImage): void {
  const image = decode(bytesOf(own));
  assertEquals([image.dtype, image.shape], ["float32", own.shape], own.title);
  // The colours of JPEG are rounded in another place by each program.
  const atol = own.title.startsWith("JPEG") ? 2.5 / 255 : 1e-6;
  assertClose(image, tensor(own.values).reshape(own.shape), { rtol: 0, atol, message: own.title });
}

Deno.test("decodeImage() has the pixels that Pillow has", () => {
  for (const own of CASES) compare(own, decodeImage);
  const upside: typeof decodeImage = (bytes) => decodeImage(bytes).flip([1]);
  for (const own of CASES) assertThrows(() => compare(own, upside), CheckError);
});

Deno.test("decodeImage() gives as many channels as it is asked for", () => {
  const [grey, colour, both] = ["grey", "colour", "colour and opacity"].map((title) =>
    decodeImage(bytesOf(named(title)))
  );
  const as = (title: string, channels: 1 | 3 | 4) =>
    decodeImage(bytesOf(named(title)), { channels });
  assertEquals(as("grey", 3).toArray(), grey!.expand([3, 5, 7]).toArray());
  assertEquals(as("colour and opacity", 3).toArray(), both!.narrow(0, 0, 3).toArray());
  assertEquals(as("colour", 4).at(3).min().item(), 1);
  assertEquals(
    as("grey and opacity", 4).at(3).toArray(),
    decodeImage(bytesOf(named("grey and opacity"))).at(1).toArray(),
  );
  const luma = colour!.mul(tensor([0.299, 0.587, 0.114]).reshape([3, 1, 1])).sum(0, {
    keepdim: true,
  });
  assertClose(as("colour", 1), luma, { rtol: 1e-6, atol: 1e-6 });
});

Deno.test("readImage() reads files, and names those that are missing, damaged or something else", async () => {
  const path = await Deno.makeTempFile({ suffix: ".png" });
  try {
    const bytes = bytesOf(named("colour"));
    await Deno.writeFile(path, bytes);
    assertEquals(readImage(path).toArray(), decodeImage(bytes).toArray());
    for (const cut of [20, bytes.length - 20, bytes.length - 4]) {
      await Deno.writeFile(path, bytes.subarray(0, cut));
      assertThrows(
        () => readImage(path),
        SyntaxError,
        `Cannot run readImage of ${path}: the PNG is damaged`,
      );
    }
    await Deno.writeFile(path, bytesOf(named("JPEG, colour")).subarray(0, 60));
    assertThrows(() => readImage(path), SyntaxError, "the JPEG is damaged");
    await Deno.writeTextFile(path, "GIF89a");
    assertThrows(
      () => readImage(path),
      SyntaxError,
      "must be PNG or JPEG, got a file that begins with 47 49 46 38",
    );
    await Deno.writeFile(path, new Uint8Array(0));
    assertThrows(() => readImage(path), SyntaxError, "got a file that begins with none");
  } finally {
    await Deno.remove(path);
  }
  assertThrows(
    () => readImage(path),
    Deno.errors.NotFound,
    `readImage of ${path}: there is no such file`,
  );
});

Deno.test("a loader says that images are of different sizes", () => {
  const files = ["colour", "JPEG, colour"].map((title) => bytesOf(named(title)));
  const set = { length: 2, get: (i: number) => ({ image: decodeImage(files[i]!), label: i }) };
  const error = assertThrows(
    () => [...new data.DataLoader(set, { batchSize: 2 })],
    ShapeError,
    "part image of all examples must have the same shape, got [3, 5, 7] and [3, 16, 24]",
  );
  assert(error.message.startsWith("Cannot collate"));
});
