import { add, addN, dispose, div, minimum, mul, sqrt, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { type Pace, paceOf } from '../../kernels/index.ts';
import { alwaysTrained, type ModelLayout } from '../../models/layout.ts';
import type { Model, Parameters } from '../../models/model.ts';
import type { Targets } from '../../models/targets.ts';
import type { Activation, Gradients, TrainedState, TrainedView, UpdateRule } from '../engine.ts';
import { findLayer, tensorNames } from '../layers.ts';
import { activationOf, gradientsOf, TfjsGradients, type TfjsScalar, tidyScalar } from './activation.ts';
import { poolingBackend, submitRecorded } from './buffer-pool.ts';
import { objectiveOf } from './objectives/index.ts';
import { createOptimizer, type Optimizer } from './optimizer.ts';
import { RepeatedStep } from './repeated/step.ts';
import { squaredNorm } from './sums.ts';
import { type GlobalTensors, required, TensorMap } from './tensors.ts';
import { TfjsView } from './view.ts';

/** Added to the norm that a gradient is divided by when it is clipped, as in PyTorch. */
const clipEpsilon = 1e-6;

/** Trained tensors that move at one pace. */
interface Group {
  readonly names: ReadonlySet<string>;
  /** Of the optimizer's learning rate. */
  readonly factor: number;
}

/** One group, unless the head has a rate of its own and something else is trained beside it. */
function groupsOf(layout: ModelLayout, layers: readonly string[], headRate: number): Group[] {
  const head = new Set(headRate === 1 ? [] : alwaysTrained(layout));
  const groups = [
    { own: layers.filter((l) => !head.has(l)), factor: 1 },
    { own: layers.filter((l) => head.has(l)), factor: headRate },
  ];
  return groups
    .filter(({ own }) => own.length > 0)
    .map(({ own, factor }) => ({ names: new Set(tensorNames(layout, own)), factor }));
}

/** A trained copy of some layers over the global weights, which stay as they are. */
export class TfjsTraining extends TfjsView implements TrainedView {
  readonly layers: readonly string[];
  readonly #globals: GlobalTensors;
  readonly #trained: TensorMap;
  readonly #names: ReadonlySet<string>;
  readonly #groups: readonly Group[];
  readonly #rule: UpdateRule;
  readonly #optimizer: Optimizer;
  readonly #gradients = new TensorMap();
  /** What the last step moved, as it was before; undefined where that was the global value. */
  readonly #before = new Map<string, Tensor | undefined>();
  #repeated: RepeatedStep | null = null;
  #moving = false;
  /** Of the logits, once they were seen. */
  #width: number | null = null;

  constructor(model: Model, globals: GlobalTensors, layers: readonly string[], rule: UpdateRule) {
    const trained = new TensorMap();
    super(model, () => ({ ...globals.all(), ...trained.record() }));
    this.#globals = globals;
    this.#trained = trained;
    this.#names = new Set(tensorNames(model.layout, layers));
    this.layers = model.layout.layers.map((l) => l.name).filter((l) => layers.includes(l));
    this.#groups = groupsOf(model.layout, this.layers, rule.head.rate);
    this.#rule = rule;
    this.#optimizer = createOptimizer(rule.optimizer);
  }

  get bytes(): number {
    return this.#trained.entries().reduce((bytes, [, t]) => bytes + 4 * t.size, 0);
  }

  add(gradients: Gradients): void {
    this.#gradients.add(gradientsOf(gradients).tensors);
  }

  discard(): void {
    this.#gradients.dispose();
  }

  take(): TfjsGradients {
    return new TfjsGradients(this.#gradients.take());
  }

  finishGradients(): TfjsScalar[] {
    this.#pullBack(this.#globals.all());
    return this.#clip();
  }

  step(rate: number): void {
    const paces = this.#paces(rate);
    try {
      this.#move(paces);
    } finally {
      for (const { tensor } of paces) dispose(tensor);
    }
    submitRecorded();
  }

  stepAtOnce(input: Activation, from: number, targets: Targets, rate: number): TfjsScalar[] {
    this.commit();
    const { x, mask } = activationOf(input);
    const objective = objectiveOf(targets);
    if (this.#width !== null) objective.check(targets, this.#width);
    const paces = this.#paces(rate);
    const own = [...objective.given(targets, 1), ...paces.map((pace) => pace.tensor)];
    const rest = mask === undefined ? own : [mask, ...own];
    const work = ([x, ...rest]: readonly Tensor[]): TfjsScalar[] => {
      const tensors = rest.splice(rest.length - paces.length);
      const start = mask === undefined ? { x: x! } : { x: x!, mask: rest.shift()! };
      const lossOfLogits = (logits: Tensor) => {
        this.#width = logits.shape.at(-1) ?? 0;
        objective.check(targets, this.#width);
        return objective.loss(logits, rest);
      };
      const { loss, gradients } = this.gradientsOf(start, from, lossOfLogits, this.layers);
      const scalars = [loss];
      try {
        this.add(gradients);
        scalars.push(...this.finishGradients());
        this.#move(paces.map(({ numbers }, i) => ({ numbers, tensor: tensors[i]! })));
        return scalars;
      } catch (error) {
        for (const scalar of scalars) scalar.dispose();
        throw error;
      }
    };
    try {
      const repeated = this.#repeatedFrom(from);
      if (repeated === null) return work([x, ...rest]);
      return repeated.run(`${from} ${targets.kind}`, [x, ...rest], work);
    } finally {
      dispose(own);
      submitRecorded();
    }
  }

  /** Null where steps are told anew each time: on other backends, and where a stage does something else each time. */
  #repeatedFrom(from: number): RepeatedStep | null {
    const backend = poolingBackend();
    if (backend === null || this.model.stages.slice(from).some((stage) => stage.random === true)) return null;
    this.#repeated ??= new RepeatedStep(backend, {
      trained: this.#trained,
      before: this.#before,
      repeated: () => {
        this.#moving = true;
        this.#optimizer.count();
      },
    });
    return this.#repeated;
  }

  /** Of the groups, in their order; the caller disposes of their tensors. */
  #paces(rate: number): Pace[] {
    return this.#groups.map(({ factor }) => paceOf(this.#optimizer.numbers(rate * factor)));
  }

  #move(paces: readonly Pace[]): void {
    this.commit();
    this.#moving = true;
    const globals = this.#globals.all();
    const items = [...this.#gradients.take()].map(([name, gradient]) => ({
      name,
      parameter: this.#trained.get(name) ?? required(globals, name),
      gradient,
    }));
    for (const [i, { names }] of this.#groups.entries()) {
      const own = items.filter(({ name }) => names.has(name));
      this.#optimizer.move(own, paces[i]!, ({ name, gradient }, moved) => {
        this.#before.set(name, this.#trained.release(name));
        this.#trained.set(name, moved);
        dispose(gradient);
      });
    }
    this.#optimizer.count();
  }

  get moving(): boolean {
    return this.#moving;
  }

  commit(): void {
    for (const value of this.#before.values()) this.#drop(value);
    this.#before.clear();
    this.#moving = false;
  }

  undo(): void {
    for (const [name, value] of this.#before) {
      this.#drop(this.#trained.release(name));
      if (value !== undefined) this.#trained.set(name, value);
    }
    this.#before.clear();
    this.#moving = false;
  }

  #drop(tensor: Tensor | undefined): void {
    if (tensor !== undefined && this.#repeated?.owns(tensor) !== true) dispose(tensor);
  }

  async read(name: string): Promise<Float32Array> {
    if (!this.#names.has(name)) throw new RangeError(`Tensor ${name} is not trained.`);
    const values = await (this.#trained.get(name) ?? required(this.#globals.all(), name)).data<'float32'>();
    return values as Float32Array;
  }

  async save(): Promise<TrainedState> {
    return { trained: await this.#trained.read(), optimizer: await this.#optimizer.save() };
  }

  restore({ trained, optimizer }: TrainedState): void {
    const globals = this.#globals.all();
    this.#trained.write(trained, globals);
    this.#optimizer.restore(optimizer, globals);
  }

  dispose(): void {
    this.commit();
    this.#repeated?.dispose();
    this.#gradients.dispose();
    this.#optimizer.dispose();
    this.#trained.dispose();
  }

  /** FedProx (Li et al., arXiv 1812.06127, section 3.2): the gradient of mu/2 ||w - w_global||^2. */
  #pullBack(globals: Parameters): void {
    const { proximal } = this.#rule;
    if (proximal === 0) return;
    for (const [name] of this.#gradients.entries()) {
      const trained = this.#trained.get(name);
      if (trained === undefined) continue; // Still the global value.
      this.#gradients.update(name, (g) => add(g!, mul(sub(trained, required(globals, name)), proximal)));
    }
  }

  /** Clips by the norm over all trained tensors (Pascanu et al., arXiv 1211.5063), without bringing it here. */
  #clip(): TfjsScalar[] {
    const { clipNorm } = this.#rule;
    if (clipNorm === null || this.#gradients.entries().length === 0) return [];
    const squares = this.layers.map((layer) => {
      const names = findLayer(this.model.layout, layer).tensors.map((t) => t.name);
      return tidyScalar(() => squaredNorm(names.map((name) => this.#gradients.get(name)!)));
    });
    const factor = tidy(() => {
      const norm = sqrt(addN(squares.map((s) => s.tensor)));
      return minimum(div(clipNorm, add(norm, clipEpsilon)), 1);
    });
    for (const [name] of this.#gradients.entries()) this.#gradients.update(name, (g) => mul(g!, factor));
    dispose(factor);
    return squares;
  }
}
