/**
 * Stand-ins for the functions of `@std/testing/bdd` that this project uses, for tests without JSR:
 * an outermost `describe()` becomes a test and all that is within it becomes its steps.
 *
 * @module
 */

/** The options of a suite or a test. */
export interface TestOptions {
  ignore?: boolean;
  only?: boolean;
  sanitizeOps?: boolean;
  sanitizeResources?: boolean;
  sanitizeExit?: boolean;
}

/** The body of a test. */
export type TestBody = (t: Deno.TestContext) => void | Promise<void>;

/** The body of a suite, which must not be asynchronous. */
export type SuiteBody = () => void | undefined;

/** What runs before or after tests. */
export type Hook = () => void | Promise<void>;

/** The forms in which the arguments of `describe()` and `it()` come. */
export type Arguments<Body> =
  | [name: string, fn: Body]
  | [name: string, options: TestOptions, fn: Body]
  | [definition: TestOptions & { name: string; fn: Body }];

/** The type of `describe` and `it`. */
export interface Registrar<Body> {
  (...args: Arguments<Body>): void;
  /** Registers it to run alone. */
  only(...args: Arguments<Body>): void;
  /** Registers it without running it. */
  ignore(...args: Arguments<Body>): void;
  /** Registers it without running it. */
  skip(...args: Arguments<Body>): void;
}

interface Definition<Body> {
  name: string;
  options: TestOptions;
  fn: Body;
}

interface Case extends Definition<TestBody> {
  kind: "case";
}

interface Suite extends Definition<SuiteBody> {
  kind: "suite";
  children: (Suite | Case)[];
  beforeAll: Hook[];
  afterAll: Hook[];
  beforeEach: Hook[];
  afterEach: Hook[];
}

/** Holds the hooks outside of all suites. */
const root = newSuite({ name: "", options: {}, fn: () => {} });

/** The suite whose body runs at the moment. */
let current = root;

function newSuite(definition: Definition<SuiteBody>): Suite {
  return {
    ...definition,
    kind: "suite",
    children: [],
    beforeAll: [],
    afterAll: [],
    beforeEach: [],
    afterEach: [],
  };
}

function define<Body>(args: Arguments<Body>, extra: TestOptions): Definition<Body> {
  if (args.length === 3) {
    const [name, options, fn] = args;
    return { name, options: { ...options, ...extra }, fn };
  }
  if (args.length === 2) {
    const [name, fn] = args;
    return { name, options: extra, fn };
  }
  const { name, fn, ...options } = args[0];
  return { name, options: { ...options, ...extra }, fn };
}

async function runHooks(hooks: Hook[]): Promise<void> {
  for (const hook of hooks) await hook();
}

/** Runs a test between the hooks of its suites, the outermost being the first and the last. */
async function runCase(body: () => void | Promise<void>, suites: Suite[]): Promise<void> {
  const [outer, ...inner] = suites;
  if (outer === undefined) return await body();
  await runHooks(outer.beforeEach);
  try {
    await runCase(body, inner);
  } finally {
    await runHooks(outer.afterEach);
  }
}

function asksToRunAlone(node: Suite | Case): boolean {
  return node.options.only === true ||
    (node.kind === "suite" && node.children.some(asksToRunAlone));
}

function run(node: Suite | Case, t: Deno.TestContext, suites: Suite[]): Promise<void> {
  return node.kind === "case"
    ? runCase(() => node.fn(t), suites)
    : runSuite(node, t, [...suites, node]);
}

async function runSuite(suite: Suite, t: Deno.TestContext, suites: Suite[]): Promise<void> {
  const alone = suite.children.filter(asksToRunAlone);
  await runHooks(suite.beforeAll);
  try {
    for (const child of alone.length > 0 ? alone : suite.children) {
      const { only: _only, ...options } = child.options;
      await t.step({ ...options, name: child.name, fn: (step) => run(child, step, suites) });
    }
  } finally {
    await runHooks(suite.afterAll);
  }
}

/** Adds a suite or test to the suite around it, or hands it to Deno if there is none. */
function register(node: Suite | Case): void {
  if (current !== root) {
    current.children.push(node);
    return;
  }
  Deno.test({
    ...node.options,
    only: asksToRunAlone(node),
    name: node.name,
    fn: (t) => run(node, t, [root]),
  });
}

function addSuite(definition: Definition<SuiteBody>): void {
  const suite = newSuite(definition);
  const around = current;
  current = suite;
  let result: unknown;
  try {
    result = suite.options.ignore ? undefined : suite.fn();
  } finally {
    current = around;
  }
  if (result instanceof Promise) throw new Error("The body of a suite must not be asynchronous");
  register(suite);
}

function registrar<Body>(add: (definition: Definition<Body>) => void): Registrar<Body> {
  const withOptions = (extra: TestOptions) => (...args: Arguments<Body>) =>
    add(define(args, extra));
  return Object.assign(withOptions({}), {
    only: withOptions({ only: true }),
    ignore: withOptions({ ignore: true }),
    skip: withOptions({ ignore: true }),
  });
}

/** Registers a suite of tests. */
export const describe: Registrar<SuiteBody> = registrar(addSuite);

/** Registers a test. */
export const it: Registrar<TestBody> = registrar((definition) =>
  register({ ...definition, kind: "case" })
);

/** Registers a test. */
export const test: Registrar<TestBody> = it;

/** Runs a function before the tests of a suite. */
export function beforeAll(fn: Hook): void {
  if (current === root) Deno.test.beforeAll(fn);
  else current.beforeAll.push(fn);
}

/** Runs a function after the tests of a suite. */
export function afterAll(fn: Hook): void {
  if (current === root) Deno.test.afterAll(fn);
  else current.afterAll.push(fn);
}

/** Runs a function before each test of a suite and of the suites within it. */
export function beforeEach(fn: Hook): void {
  current.beforeEach.push(fn);
}

/** Runs a function after each test of a suite and of the suites within it. */
export function afterEach(fn: Hook): void {
  current.afterEach.push(fn);
}
