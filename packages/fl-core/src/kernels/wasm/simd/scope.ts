import { type Code, type FunctionSource, op, type ValueType } from '../../../wasm/assembler.ts';

/** A parameter or local variable of a function being assembled. */
export interface Variable {
  readonly get: Code;
  set(value: Code): Code;
}

/** The variables of one function. */
export class Scope {
  readonly #locals: ValueType[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  local(type: ValueType): Variable {
    this.#locals.push(type);
    return variable(this.#parameters + this.#locals.length - 1);
  }

  /** A local with this value, and the code that gives it to it. */
  vector(value: Code): { readonly v: Variable; readonly code: Code } {
    const v = this.local('v128');
    return { v, code: v.set(value) };
  }

  get locals(): readonly ValueType[] {
    return this.#locals;
  }
}

const variable = (index: number): Variable => ({
  get: op.get(index),
  set: (value) => op.set(index, value),
});

/** Assembles a function; `build` gets its parameters by name. */
export function define<Name extends string>(
  name: string,
  parameters: Readonly<Record<Name, ValueType>>,
  build: (p: Readonly<Record<Name, Variable>>, scope: Scope) => Code,
): FunctionSource {
  const names = Object.keys(parameters) as Name[];
  const scope = new Scope(names.length);
  const p = Object.fromEntries(names.map((n, i) => [n, variable(i)])) as Record<Name, Variable>;
  const body = build(p, scope);
  return { name, parameters: names.map((n) => parameters[n]), locals: scope.locals, body };
}

/** Four elements of every array of a row: all of them, or at its end those that are left. */
export interface Lanes {
  load(pointer: Variable): Code;
  /** Writes the elements that belong to the row. */
  store(pointer: Variable, value: Code): Code;
  /** The value, 0 in lanes beyond the row's end: for sums. */
  within(value: Code): Code;
}

/** Steps through rows of any width; loads and stores may touch up to 12 bytes behind a row and leave them as is. */
export class RowLoop {
  readonly #offset: Variable;
  readonly #mask: Variable;
  readonly #bytes: Variable;

  /** @param bytes width of a row */
  constructor(scope: Scope, bytes: Variable) {
    this.#offset = scope.local('i32');
    this.#mask = scope.local('v128');
    this.#bytes = bytes;
  }

  /** Must run before the first row. */
  get prepare(): Code {
    const left = op.i32And(this.#bytes.get, op.i32(12));
    // Lane k is in the row when 4 k is below the bytes that are left.
    return this.#mask.set(op.i32x4LessThan(op.i32x4(0, 4, 8, 12), op.i32Splat(left)));
  }

  each(body: (lanes: Lanes) => Code): Code {
    const offset = this.#offset;
    const whole = op.i32And(this.#bytes.get, op.i32(-16));
    const at = (pointer: Variable) => op.i32Add(pointer.get, offset.get);
    const lanes = (mask: Variable | null): Lanes => ({
      load: (pointer) => op.load(at(pointer), 0),
      store: (pointer, value) =>
        op.store(
          at(pointer),
          0,
          mask === null ? value : op.bitSelect(value, op.load(at(pointer), 0), mask.get),
        ),
      within: (value) => (mask === null ? value : op.and(value, mask.get)),
    });
    const step = offset.set(op.i32Add(offset.get, op.i32(16)));
    return [
      ...offset.set(op.i32(0)),
      ...op.when(whole, op.repeatWhile([...body(lanes(null)), ...step], op.i32LessThan(offset.get, whole))),
      ...op.when(op.i32LessThan(offset.get, this.#bytes.get), body(lanes(this.#mask))),
    ];
  }
}

/** The sum, or another combination, of the four lanes, in all lanes. */
export function across(v: Variable, combine: (a: Code, b: Code) => Code): Code {
  const lane = (k: 0 | 1 | 2 | 3) => op.f32Splat(op.f32Lane(v.get, k));
  return combine(combine(lane(0), lane(1)), combine(lane(2), lane(3)));
}

/** Gives all lanes of `v` the sum of them. */
export const total = (v: Variable): Code => v.set(across(v, op.f32x4Add));

/** The value in all four lanes. */
export const c = (value: number): Code => op.f32x4(value);

/** Runs `body` for each of `rows` rows, then moves every pointer on by `bytes`. Uses up `rows`. */
export function eachRow(
  rows: Variable,
  pointers: readonly (readonly [pointer: Variable, bytes: Code])[],
  body: Code,
): Code {
  const step = pointers.flatMap(([pointer, bytes]) => pointer.set(op.i32Add(pointer.get, bytes)));
  const less = rows.set(op.i32Sub(rows.get, op.i32(1)));
  return op.when(rows.get, op.repeatWhile([...body, ...step, ...less], rows.get));
}
