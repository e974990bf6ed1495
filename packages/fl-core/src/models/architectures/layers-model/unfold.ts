import { z } from 'zod';
import { StrataError } from '../../../protocol/index.ts';
import { classNames, operationOf } from './classes.ts';
import { refusedLayer } from './refusal.ts';
import { inputName, type KerasLayer } from './spec.ts';

/** Keras' JSON of a model, whose layers may be models themselves, as a list of layers that are each called once. */

const Config = z.record(z.string(), z.json());
const Layer = z.object({
  class_name: z.string(),
  name: z.string().nullish(),
  config: Config,
  inbound_nodes: z.array(z.json()).nullish(),
});
type Layer = z.infer<typeof Layer>;
const Layers = z.array(Layer).min(1).max(2000);

/** [layer, which of its calls, which of its outputs, arguments]. */
const Reference = z.tuple([z.string(), z.number(), z.number()]).rest(z.json());
const Functional = z.object({
  name: z.string().nullish(),
  layers: Layers,
  input_layers: z.array(z.json()),
  output_layers: z.array(z.json()),
});
const Sequential = z.union([
  z.object({ name: z.string().nullish(), layers: Layers }),
  Layers.transform((layers) => ({ name: null, layers })),
]);

export interface Unfolded {
  readonly name: string | null;
  /** Shape of the images with the batch; null when nothing says it. */
  readonly input: readonly (number | null)[] | null;
  readonly layers: KerasLayer[];
  /** The layer whose output is the model's. */
  readonly output: string;
}

const sequentialClass = 'Sequential';
const functionalClasses: readonly string[] = ['Model', 'Functional'];

/** @param of the file, for messages */
export function unfold(model: unknown, of: string): Unfolded {
  const parsed = z.object({ class_name: z.string(), config: z.unknown() }).safeParse(model);
  if (!parsed.success) throw notKeras(of, parsed.error);
  const { class_name: kind, config } = parsed.data;
  const folder = new Folder(of);
  if (kind === sequentialClass) return folder.sequential(config, inputName, true);
  if (functionalClasses.includes(kind)) return folder.functional(config, inputName, true);
  throw new StrataError(
    'bad-model',
    `${of} is a model of the class ${kind}, which has no list of layers.`,
    'Save a Sequential or a functional model.',
  );
}

/** The topology as it travels; it begins with the images. */
export function flat({ name, input, layers }: Unfolded, of: string) {
  const [batch, ...shape] = input ?? [];
  if (input === null || batch !== null || shape.length !== 3) {
    throw new StrataError(
      'bad-model',
      `${of} takes inputs of the shape ${JSON.stringify(input)}, not images.`,
      'Use a classifier of images: its input is [null, height, width, channels].',
    );
  }
  return { name: name ?? of.slice(0, 120), input: shape, layers };
}

class Folder {
  readonly #of: string;
  readonly #names = new Set([inputName]);

  constructor(of: string) {
    this.#of = of;
  }

  sequential(config: unknown, from: string, trainable: boolean): Unfolded {
    const parsed = Sequential.safeParse(config);
    if (!parsed.success) throw notKeras(this.#of, parsed.error);
    const { name = null, layers } = parsed.data;
    const made: KerasLayer[] = [];
    let input: Unfolded['input'] = null;
    let output = from;
    for (const layer of layers) {
      const step = this.#call(layer, [output], trainable);
      input ??= step.input;
      made.push(...step.layers);
      output = step.output;
    }
    return { name, input, layers: made, output };
  }

  functional(config: unknown, from: string, trainable: boolean): Unfolded {
    const parsed = Functional.safeParse(config);
    if (!parsed.success) throw notKeras(this.#of, parsed.error);
    const { name = null, layers } = parsed.data;
    single('inputs', parsed.data.input_layers, this.#of);
    const last = single('outputs', parsed.data.output_layers, this.#of);
    const known = new Map(layers.map((layer) => [nameOf(layer), layer]));
    const done = new Map<string, Unfolded>();
    const made: KerasLayer[] = [];
    // Depth first from the output: an order of calls, and what does not lead there is left out.
    const stack = [last];
    const open = new Set<string>();
    while (stack.length > 0) {
      const current = stack.at(-1) ?? last;
      const layer = known.get(current);
      if (layer === undefined) throw refusedLayer(current, 'is named but not described', resave);
      const sources = isInput(layer) ? [] : this.#sources(layer);
      const missing = sources.find((source) => !done.has(source));
      if (done.has(current)) stack.pop();
      else if (missing !== undefined) {
        if (open.has(missing)) throw refusedLayer(missing, 'is called with its own output', resave);
        open.add(current);
        stack.push(missing);
      } else {
        stack.pop();
        open.delete(current);
        const inputs = isInput(layer) ? [from] : sources.map((source) => done.get(source)?.output ?? from);
        const step = this.#call(layer, inputs, trainable);
        done.set(current, step);
        made.push(...step.layers);
      }
    }
    const input = [...done.values()].find((step) => step.input !== null)?.input ?? null;
    return { name, input, layers: made, output: done.get(last)?.output ?? from };
  }

  #call(layer: Layer, inputs: readonly string[], trainable: boolean): Unfolded {
    const name = nameOf(layer);
    const config = layer.config;
    const input = shapeOf(config);
    const [first = inputName] = inputs;
    if (isInput(layer)) return { name, input, layers: [], output: first };
    const trained = trainable && config.trainable !== false;
    if (layer.class_name === sequentialClass) return this.sequential(config, first, trained);
    if (functionalClasses.includes(layer.class_name)) return this.functional(config, first, trained);
    if (this.#names.has(name))
      throw refusedLayer(name, 'has the name of another one', 'Name every layer once.');
    this.#names.add(name);
    const made = {
      name,
      class: layer.class_name,
      config: configOf(name, layer),
      trainable: trained,
      inputs: [...inputs],
    };
    return { name, input, layers: [made], output: name };
  }

  #sources(layer: Layer): string[] {
    const name = nameOf(layer);
    const calls = layer.inbound_nodes ?? [];
    const [call] = calls;
    if (calls.length !== 1) {
      throw refusedLayer(name, `is called ${calls.length} times`, 'Give each call a layer of its own.');
    }
    if (!Array.isArray(call)) throw refusedLayer(name, 'was saved by Keras 3', keras2);
    const references = z.array(Reference).safeParse(call);
    if (!references.success) throw refusedLayer(name, 'has inputs that are no outputs of layers', resave);
    return references.data.map(([source, , output]) => {
      if (output !== 0) throw refusedLayer(source, 'has several outputs', 'Use layers with one output.');
      return source;
    });
  }
}

/** As Keras made it, in tfjs' spelling, without what does not change the function. Throws `bad-model`. */
function configOf(name: string, layer: Layer): KerasLayer['config'] {
  const kind = layer.class_name;
  try {
    const operation = operationOf(kind, layer.config);
    if (operation !== undefined) return Config.parse(JSON.parse(JSON.stringify(operation.config)));
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const problems = cause.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw refusedLayer(
      name,
      `(${kind}) cannot be trained (${problems.join('; ')})`,
      'Change the layer in Keras or TensorFlow.js, train the model there once more, and save it again.',
      cause,
    );
  }
  throw refusedLayer(
    name,
    `is of the class ${kind}, which cannot be trained here`,
    `Use a classifier of images made of ${classNames.join(', ')}. For texts choose a model of the Hugging Face Hub.`,
  );
}

const nameOf = ({ name, config }: Layer): string =>
  name ?? (typeof config.name === 'string' ? config.name : '');

const isInput = (layer: Layer): boolean => layer.class_name === 'InputLayer';

/** The shape that the first layer of a model is told, with the batch. */
function shapeOf(config: z.infer<typeof Config>): Unfolded['input'] {
  const shape = z.array(z.number().nullable()).safeParse(config.batch_input_shape ?? config.batch_shape);
  return shape.success ? shape.data : null;
}

function single(what: string, references: readonly unknown[], of: string): string {
  // Keras 3 writes one reference without a list around it.
  const list = typeof references[0] === 'string' ? [references] : references;
  const [first] = list;
  const reference = Reference.safeParse(first);
  if (list.length === 1 && reference.success) return reference.data[0];
  throw new StrataError(
    'bad-model',
    `${of} has ${list.length} ${what}; one is supported.`,
    'Use a model that maps one image to the scores of its classes.',
  );
}

const resave = 'Save the model again with model.save of TensorFlow.js, or convert it again.';
const keras2 =
  'Convert it with Keras 2: set TF_USE_LEGACY_KERAS=1 and install tf_keras before running tensorflowjs_converter.';

const notKeras = (of: string, cause: z.ZodError) =>
  new StrataError(
    'bad-model',
    `The topology of ${of} is not one of Keras (${z.prettifyError(cause)}).`,
    resave,
    { cause },
  );
