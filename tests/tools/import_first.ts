/**
 * Imports each given file before any other of the library, in a separate Worker, and prints those
 * that fail. To be run with --no-check, as a test does.
 */

const left = [...Deno.args];

function load(file: string): Promise<void> {
  const code = `import ${JSON.stringify(file)}; postMessage(null);`;
  const url = `data:application/javascript,${encodeURIComponent(code)}`;
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve) => {
    const end = () => {
      worker.terminate();
      resolve();
    };
    worker.onmessage = end;
    worker.onerror = (event) => {
      event.preventDefault();
      console.log(`${file}: ${event.message}`);
      end();
    };
  });
}

async function work(): Promise<void> {
  for (let file = left.pop(); file !== undefined; file = left.pop()) await load(file);
}

await Promise.all([work(), work()]);
