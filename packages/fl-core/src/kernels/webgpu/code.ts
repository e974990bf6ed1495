/** The WGSL of a pass, without its bindings. The same text is the same object, so that a pipeline is found by it. */
export interface Code {
  readonly text: string;
}

/** What code is made of: plain values, so that they can be a key. */
export type Parameters = Readonly<Record<string, unknown>>;

const byText = new Map<string, Code>();

/**
 * Code that is written once for each set of parameters: writing and comparing the text of a large kernel takes longer
 * than recording it. `write` must look at nothing but its parameters.
 */
export function codeOf<P extends Parameters>(write: (parameters: P) => string): (parameters: P) => Code {
  const written = new Map<string, Code>();
  return (parameters) => {
    const key = JSON.stringify(parameters);
    const known = written.get(key);
    if (known !== undefined) return known;
    const text = write(parameters);
    const code = byText.get(text) ?? { text };
    byText.set(text, code);
    written.set(key, code);
    return code;
  };
}
